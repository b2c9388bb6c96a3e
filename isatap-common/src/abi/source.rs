use bytemuck::{Pod, Zeroable};

use super::{Nic, Traffic, map_types};
use crate::{addr::Ipv4, wire::ipv4::Ends};

/// Lines of [`super::Cache::sources`]; a power of two, because the hash is cut to its bits.
pub const SOURCES_LEN: u32 = 1 << 14;

/// One line of [`super::Cache::sources`]: a node of the link whose packets have been admitted. Exactly one CPU cache line.
///
/// The inner source is `prefix` with the ISATAP identifier of the outer one, in either form; from a router
/// it is any native address ([`Origin::ANY_NATIVE`]).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Source {
    /// First half of the inner source, as it stands in a packet.
    pub prefix: u64,
    /// When the line is believed no more, by [`super::Clock`].
    pub until: u64,
    /// Packets from the node since the line was filled.
    pub heard: Traffic,
    /// Second half of the inner source ([`identifier`]).
    pub id: u64,
    /// Outer source, and outer destination: our locator.
    pub ends: Ends,
    /// For whom the frames were: the NIC that they came in through.
    pub nic: Nic,
    /// Interface of the locator.
    pub ifindex: u32,
    /// Zero.
    pub reserved: [u32; 3],
}

/// What such a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// First half of the inner source, as it stands in a packet.
    pub prefix: u64,
    /// Outer source and destination.
    pub ends: Ends,
    /// Interface that the packet came in through.
    pub ifindex: u32,
}

impl Origin {
    /// In place of a prefix, for a router that forwards packets from native addresses. A source with
    /// such a first half would be a multicast address.
    pub const ANY_NATIVE: u64 = u64::MAX;
}

impl Source {
    /// The place of a host in the table.
    #[inline(always)]
    pub const fn index(prefix: u64, remote: Ipv4) -> u32 {
        Self::index_of(prefix, identifier(remote))
    }

    /// The same by both halves of an inner source.
    #[inline(always)]
    pub const fn index_of(prefix: u64, id: u64) -> u32 {
        // Fibonacci hashing: the top bits of the product depend on every bit below them. The address is at the
        // top, so that neighbours, which differ in its last octets, fall apart.
        ((prefix ^ id).wrapping_mul(super::FACTOR) >> (64 - SOURCES_LEN.trailing_zeros())) as u32
    }

    /// Whether this line is about that origin.
    #[inline(always)]
    pub fn is_of(&self, origin: &Origin) -> bool {
        self.prefix == origin.prefix && self.ends.are(origin.ends) && self.ifindex == origin.ifindex
    }
}

/// The ISATAP identifier that embeds an address, as it stands in a packet, in the form without the u bit.
#[inline(always)]
pub const fn identifier(remote: Ipv4) -> u64 {
    const FORM: u64 = 0x0000_5efe_0000_0000_u64.to_be();
    // As a number: octets would be put together one by one.
    let remote = u32::from_ne_bytes(remote) as u64;
    let behind = if cfg!(target_endian = "little") {
        32
    } else {
        0
    };
    FORM | remote << behind
}

map_types!(Source);

const _: () = assert!(size_of::<Source>() == 64);
const _: () = assert!(SOURCES_LEN.is_power_of_two());

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_identifier_stands_behind_the_prefix_as_in_an_address() {
        let expected = [0, 0, 0x5e, 0xfe, 10, 1, 2, 3];
        assert_eq!(identifier([10, 1, 2, 3]).to_ne_bytes(), expected);
    }

    /// As many neighbours as there are lines fill nine tenths of them, where chance would fill six.
    #[test]
    fn neighbours_have_lines_of_their_own() {
        let prefix = 0x2001_0db8_0000_0001_u64.to_be();
        let first = u32::from_be_bytes([10, 1, 0, 0]);
        let indexes: BTreeSet<_> = (first..first + SOURCES_LEN)
            .map(|ipv4| Source::index(prefix, ipv4.to_be_bytes()))
            .collect();
        assert!(
            indexes.len() * 10 > SOURCES_LEN as usize * 9,
            "{}",
            indexes.len()
        );
    }
}
