//! Longest-prefix tables. Keys are aya's packed `Key`: a native `u32` prefix length and the
//! address bytes.

use bytemuck::{Pod, Zeroable};

use super::map_types;

/// Address part of a key of `PREFIXES` and `ROUTES`: an IPv6 address.
pub type PrefixKey = [u8; 16];

/// Value of `PREFIXES`: an on-link prefix of the ISATAP link. fe80::/64 is always one
/// (RFC 5214 section 3) and is in the map like any other.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct Prefix {
    /// Nanoseconds of `CLOCK_BOOTTIME` at which the prefix stops being on-link; `u64::MAX` is never.
    pub deadline: u64,
}

/// Value of `ROUTES`: the IPv4 address of the ISATAP next hop for an inner destination.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct Route {
    /// Next hop, big-endian; [`Route::OURS_ELSEWHERE`] is none.
    pub via: [u8; 4],
}

impl Route {
    /// In place of a next hop: addresses with this prefix belong to another tunnel, and embed an IPv4
    /// address of ours (RFC 6324 section 3.3).
    pub const OURS_ELSEWHERE: [u8; 4] = [0; 4];
}

/// Value of `KNOWN_IPV4`, by longest prefix of an embedded or outer IPv4 address.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct StandingEntry {
    /// [`Standing`] as a number.
    pub standing: u32,
}

/// What an IPv4 address may be on this link (RFC 6324 section 3.1, RFC 1122 section 3.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Standing {
    /// A peer.
    Known = 0,
    /// Outside the addresses of the site.
    Unknown = 1,
    /// Never the address of one peer: special, multicast, broadcast of a connected network.
    Martian = 2,
    /// One of our own.
    Own = 3,
}

impl StandingEntry {
    /// The entry as a [`Standing`]; an unknown number is refused as [`Standing::Martian`].
    #[inline(always)]
    pub const fn standing(self) -> Standing {
        match self.standing {
            0 => Standing::Known,
            1 => Standing::Unknown,
            3 => Standing::Own,
            _ => Standing::Martian,
        }
    }
}

impl From<Standing> for StandingEntry {
    fn from(standing: Standing) -> Self {
        Self {
            standing: standing as u32,
        }
    }
}

map_types!(Prefix, Route, StandingEntry);
