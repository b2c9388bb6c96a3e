use bytemuck::{Pod, Zeroable};

use super::map_types;

/// Value of `PRL`, keyed by a router's IPv4 address (RFC 5214 section 8.1).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct PrlEntry {
    /// Nanoseconds of `CLOCK_BOOTTIME` at which the entry ends; `u64::MAX` is never.
    pub deadline: u64,
    /// [`PrlSource`] as a number.
    pub source: u32,
    /// Default router preference (RFC 4191): 1 high, 0 medium, -1 low.
    pub preference: i32,
}

/// Where a Potential Router List entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum PrlSource {
    /// The configuration file.
    Static = 0,
    /// The A records of the configured name.
    Dns = 1,
    /// `prl add`.
    Command = 2,
}

impl PrlSource {
    /// The word that commands print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Dns => "dns",
            Self::Command => "command",
        }
    }
}

map_types!(PrlEntry);
