use bytemuck::{Pod, Zeroable};

use super::map_types;
use crate::path::Reason;

/// Value of `COUNTERS`, on each CPU.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Counter {
    /// Packets.
    pub packets: u64,
    /// Bytes of the inner packet; of a packet that has none, bytes of the frame.
    pub bytes: u64,
}

impl Counter {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            packets: self.packets.wrapping_add(other.packets),
            bytes: self.bytes.wrapping_add(other.bytes),
        }
    }
}

/// Which way a packet goes through the tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Direction {
    /// Protocol 41 in, decapsulated.
    In = 0,
    /// IPv6 in, encapsulated.
    Out = 1,
}

/// Where in the machine a packet was decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Layer {
    /// The program on the NIC.
    Xdp = 0,
    /// The traffic control programs.
    Tc = 1,
    /// The daemon.
    User = 2,
}

impl Direction {
    /// Both, in the order of the map.
    pub const ALL: [Self; 2] = [Self::In, Self::Out];

    /// The word that commands and metrics print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

impl Layer {
    /// All, in the order of the map.
    pub const ALL: [Self; 3] = [Self::Xdp, Self::Tc, Self::User];

    /// The word that commands and metrics print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xdp => "xdp",
            Self::Tc => "tc",
            Self::User => "user",
        }
    }
}

/// Entries of `COUNTERS`.
pub const COUNTERS_LEN: u32 = (Direction::ALL.len() * Layer::ALL.len() * Reason::COUNT) as u32;

/// The key of `COUNTERS` for one direction, layer and reason.
#[inline(always)]
pub const fn counter_index(direction: Direction, layer: Layer, reason: Reason) -> u32 {
    (direction as u32 * Layer::ALL.len() as u32 + layer as u32) * Reason::COUNT as u32
        + reason as u32
}

map_types!(Counter);
