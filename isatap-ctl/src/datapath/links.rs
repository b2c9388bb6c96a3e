//! Whose XDP program is on a NIC.

use aya::programs::loaded_programs;
use futures_util::TryStreamExt as _;
use netlink_packet_route::link::{LinkAttribute, LinkXdp};
use rtnetlink::Handle;

/// An XDP program on a NIC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignProgram {
    /// Its id, as `bpftool prog` shows it.
    pub id: u32,
    /// Its name, empty if it has none.
    pub name: String,
}

/// The XDP program on the NIC with `index`, unless it is ours.
pub async fn foreign_xdp(handle: &Handle, index: u32) -> Option<ForeignProgram> {
    let link = handle
        .link()
        .get()
        .match_index(index)
        .execute()
        .try_next()
        .await
        .ok()??;
    let id = link
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            LinkAttribute::Xdp(xdp) => xdp.iter().find_map(|item| match item {
                LinkXdp::ProgId(id) if *id != 0 => Some(*id),
                _ => None,
            }),
            _ => None,
        })?;
    let name = loaded_programs()
        .filter_map(Result::ok)
        .find(|program| program.id() == id)
        .and_then(|program| program.name_as_str().map(ToOwned::to_owned))
        .unwrap_or_default();
    (name != "isatap_xdp").then_some(ForeignProgram { id, name })
}
