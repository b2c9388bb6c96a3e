//! Whose XDP program is on a NIC.

use std::{fmt, path::Path};

use aya::programs::loaded_programs;

use super::Hook;
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

impl ForeignProgram {
    /// Whether it is one of this product, for another site.
    pub fn is_of_another_instance(&self) -> bool {
        self.name == Hook::Xdp(0).program()
    }
}

/// The XDP program on the NIC with `index`, unless what is pinned in `directory` has put it there.
pub async fn foreign_xdp(
    netlink: &Netlink,
    index: u32,
    directory: &Path,
) -> Result<Option<ForeignProgram>, Error> {
    let links = netlink.links().await?;
    let Some(id) = links.get(&index).and_then(|link| link.xdp_program) else {
        return Ok(None);
    };
    if Hook::pinned(directory).is_ok_and(|pinned| pinned.contains_key(&Hook::Xdp(index))) {
        return Ok(None);
    }
    let name = loaded_programs()
        .filter_map(Result::ok)
        .find(|program| program.id() == id)
        .and_then(|program| program.name_as_str().map(ToOwned::to_owned))
        .unwrap_or_default();
    Ok(Some(ForeignProgram { id, name }))
}
