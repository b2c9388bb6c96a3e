//! Rows: a packet in, what must become of it, the packet out. Each runs through the pure packet
//! path and through the programs in the kernel, and both must agree with the row.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first surprise"
)]

mod block;
mod correspondent;
mod elsewhere;
mod hosts;
mod inward;
mod inward_martians;
mod inward_table;
mod lent;
mod machine;
mod neighbor;
mod others;
mod outward;
mod packets;
mod sides;
mod site;
mod solicit;
mod way;

/// One case.
struct Row {
    /// What it shows.
    name: &'static str,
    /// The frame, from its Ethernet header on.
    frame: Vec<u8>,
    /// What XDP counts it as.
    xdp: isatap_common::path::Reason,
    /// What traffic control counts it as.
    tc: isatap_common::path::Reason,
}
