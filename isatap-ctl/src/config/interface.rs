use toml::de::DeValue;

use super::schema::{Table, Wrong};
use super::settings::{Interface, Mtu, PathMtu};
use super::value;

/// Which of the two tables the file must have.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Router,
    Host,
}

const PATH_MTU: [(&str, PathMtu); 2] = [("static", PathMtu::Static), ("dynamic", PathMtu::Dynamic)];

/// Reads `[interface]`.
pub(super) fn read(table: &Table<'_>) -> (Option<Role>, Interface) {
    let role = table.require(
        "role",
        value::word(&[("router", Role::Router), ("host", Role::Host)]),
    );
    let interface = Interface {
        name: table
            .read("name", value::interface_name)
            .unwrap_or_else(|| "isatap0".to_owned()),
        uplinks: table
            .require_list("uplinks", value::interface_name)
            .unwrap_or_default(),
        local: table.read("local", value::ipv4),
        mtu: table.read("mtu", mtu).unwrap_or(Mtu::Auto),
        ttl: table.read("ttl", value::number(1..=255)).unwrap_or(64),
        copy_dscp: table
            .read("dscp", value::word(&[("zero", false), ("copy", true)]))
            .unwrap_or(false),
        path_mtu: table
            .read("path-mtu", value::word(&PATH_MTU))
            .unwrap_or(PathMtu::Static),
    };
    itself(table, &interface);
    table.refuse_unknown();
    (role, interface)
}

fn mtu(value: &DeValue<'_>) -> Result<Mtu, Wrong> {
    if value.as_str() == Some("auto") {
        return Ok(Mtu::Auto);
    }
    value::number(1280..=65515)(value)
        .map(Mtu::Fixed)
        .map_err(|_| Wrong::expected("\"auto\" or a number from 1280 to 65515"))
}

fn itself(table: &Table<'_>, interface: &Interface) {
    let name = &interface.name;
    if interface.uplinks.contains(name) {
        table.wrong(
            "uplinks",
            format!("interface.uplinks: \"{name}\" is the ISATAP interface itself"),
        );
    }
}
