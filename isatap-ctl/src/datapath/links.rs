//! Whose XDP program is on a NIC.

use std::fmt;

use aya::programs::loaded_programs;

use crate::kernel::{Error, Netlink};

/// An XDP program on a NIC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignProgram {
    /// Its id, as `bpftool prog` shows it.
    pub id: u32,
    /// Its name, empty if it has none.
    pub name: String,
}

impl fmt::Display for ForeignProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (id {})", self.name, self.id)
    }
}

/// The XDP program on the NIC with `index`, unless it is ours.
pub async fn foreign_xdp(netlink: &Netlink, index: u32) -> Result<Option<ForeignProgram>, Error> {
    let links = netlink.links().await?;
    let Some(id) = links.get(&index).and_then(|link| link.xdp_program) else {
        return Ok(None);
    };
    let name = loaded_programs()
        .filter_map(Result::ok)
        .find(|program| program.id() == id)
        .and_then(|program| program.name_as_str().map(ToOwned::to_owned))
        .unwrap_or_default();
    Ok((name != "isatap_xdp").then_some(ForeignProgram { id, name }))
}
