use bytemuck::{Pod, Zeroable};

use super::{Traffic, map_types};
use crate::addr::Ipv4;

/// Lines of [`super::Cache::sources`]; a power of two, because the hash is cut to its bits.
pub const SOURCES_LEN: u32 = 1 << 14;

/// One line of [`super::Cache::sources`]: a node of the link whose packets have been admitted. Exactly one CPU cache line.
///
/// The inner source is `prefix` with the ISATAP identifier of `remote`, in either form; from a router
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
    /// Outer source.
    pub remote: Ipv4,
    /// Outer destination: our locator.
    pub local: Ipv4,
    /// Interface of the locator.
    pub ifindex: u32,
    /// Zero.
    pub reserved: [u32; 7],
}

/// What such a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// First half of the inner source, as it stands in a packet.
    pub prefix: u64,
    /// Outer source.
    pub remote: Ipv4,
    /// Outer destination.
    pub local: Ipv4,
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
        // Fibonacci hashing: the top bits of the product depend on every bit below them. With the
        // address at the top, so that neighbours, which differ in its last octets, fall apart.
        let mixed = prefix ^ ((u32::from_ne_bytes(remote) as u64) << 32);
        (mixed.wrapping_mul(super::FACTOR) >> (64 - SOURCES_LEN.trailing_zeros())) as u32
    }

    /// Whether this line is about that origin.
    #[inline(always)]
    pub fn is_of(&self, origin: &Origin) -> bool {
        let sender = (origin.prefix, origin.remote);
        self.is_about(sender, || origin.local, || origin.ifindex)
    }

    /// The same of a prefix and an outer source; the rest is asked for where it is compared, because a program would
    /// have to keep it on its stack until then.
    #[inline(always)]
    pub fn is_about(
        &self,
        (prefix, remote): (u64, Ipv4),
        local: impl FnOnce() -> Ipv4,
        ifindex: impl FnOnce() -> u32,
    ) -> bool {
        self.prefix == prefix
            && is_same(self.remote, remote)
            && is_same(self.local, local())
            && self.ifindex == ifindex()
    }
}

/// Compared as numbers: octets in a map would be loaded one by one.
#[inline(always)]
const fn is_same(one: Ipv4, other: Ipv4) -> bool {
    u32::from_ne_bytes(one) == u32::from_ne_bytes(other)
}

map_types!(Source);

const _: () = assert!(size_of::<Source>() == 64);
const _: () = assert!(SOURCES_LEN.is_power_of_two());

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

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
