use bytemuck::{Pod, Zeroable};

use super::map_types;

/// Value of `PEERS`, keyed by the embedded IPv4 address: a node of the link that was heard from
/// or sent to. Times are nanoseconds of `CLOCK_BOOTTIME`; zero is never.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Peer {
    /// When a packet from it was last admitted.
    pub last_heard: u64,
    /// When a packet was last sent to it.
    pub last_sent: u64,
    /// Until when `path_mtu` holds.
    pub path_mtu_deadline: u64,
    /// Packets from it.
    pub packets_in: u64,
    /// Inner bytes from it.
    pub bytes_in: u64,
    /// Packets to it.
    pub packets_out: u64,
    /// Inner bytes to it.
    pub bytes_out: u64,
    /// IPv4 path MTU in bytes; zero is unknown.
    pub path_mtu: u32,
    /// [`Reachability`] as a number.
    pub reachability: u32,
    /// Our locator that it last sent to, which its router list has; zero is unknown.
    pub local: [u8; 4],
    /// Zero.
    pub reserved: u32,
}

/// Neighbor Unreachability Detection state of a peer (RFC 4861 section 7.3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Reachability {
    /// Nothing is known: the state of every peer that is not probed.
    #[default]
    Unknown = 0,
    /// Confirmed within ReachableTime.
    Reachable = 1,
    /// Not confirmed lately and not in use.
    Stale = 2,
    /// In use, waiting for a hint from above.
    Delay = 3,
    /// Being probed.
    Probe = 4,
    /// Did not answer.
    Unreachable = 5,
}

map_types!(Peer);

const _: () = assert!(size_of::<Peer>() == 72);
