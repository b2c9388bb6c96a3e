//! Bounds-checked reads of a packet: the one seam between the packet path and whatever holds the
//! bytes, be it an XDP frame, a socket buffer or a slice.

/// A packet, seen as octets counted from its first.
///
/// Reads copy; nothing borrows the packet, so no reference survives a rewrite of it.
pub trait Octets {
    /// The `N` octets that start at `at`, or `None` where the packet is shorter.
    fn read<const N: usize>(&self, at: usize) -> Option<[u8; N]>;

    /// The `A` octets that start at `at` and the `B` behind them.
    #[inline(always)]
    fn read_both<const A: usize, const B: usize>(&self, at: usize) -> Option<([u8; A], [u8; B])> {
        Some((self.read(at)?, self.read(at + A)?))
    }

    /// Whether the packet has at least `length` octets.
    fn holds(&self, length: usize) -> bool;
}

/// The first octets of a packet, as numbers in the processor's order of octets. That the packet has
/// them was checked when this was made.
pub trait Head {
    /// The octet at `at`.
    fn octet(&self, at: usize) -> u8;

    /// The two octets from `at` on.
    fn two(&self, at: usize) -> u16;

    /// The four octets from `at` on.
    fn four(&self, at: usize) -> u32;

    /// The eight octets from `at` on.
    fn eight(&self, at: usize) -> u64;
}

impl Octets for [u8] {
    fn read<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.get(at..)?.first_chunk().copied()
    }

    fn holds(&self, length: usize) -> bool {
        self.len() >= length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_end_where_the_packet_ends() {
        let packet: &[u8] = &[1, 2, 3, 4];
        assert_eq!(packet.read::<2>(2), Some([3, 4]));
        assert_eq!(packet.read::<2>(3), None);
        assert_eq!(packet.read::<1>(usize::MAX), None);
        assert_eq!(packet.read::<0>(4), Some([]));
        assert!(packet.holds(4) && !packet.holds(5));
    }
}
