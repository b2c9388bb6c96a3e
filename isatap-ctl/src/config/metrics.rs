use std::net::SocketAddr;

use super::schema::{Table, Wrong};
use super::value;

/// Reads `[metrics]`, whose function is not there yet.
pub(super) fn read(table: &Table<'_>) {
    let listen = table.read("listen", |value| {
        value::parsed::<SocketAddr>(value)
            .ok_or_else(|| Wrong::expected("an address and a port such as \"[::1]:9541\""))
    });
    if listen.is_some() {
        table.unsupported("listen");
    }
    table.refuse_unknown();
}
