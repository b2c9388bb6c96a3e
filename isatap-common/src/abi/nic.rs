use bytemuck::{Pod, Zeroable};

use super::map_types;

/// Slots of [`super::Cache::nics`]; a power of two, because an interface index is cut to its bits.
pub const NICS_LEN: u32 = 1 << 8;

/// The link-layer address of a NIC behind two octets of zeros, as programs compare it with the first eight
/// octets of a frame: the destination, once the two of the source behind it are shifted out.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct Nic(u64);

impl Nic {
    /// No NIC: no frame is for it, because where an address has zeros this has none.
    pub const NONE: Self = Self(u64::MAX);

    /// The NIC that has the address; none where it is all zeros, which no NIC has.
    pub const fn of([a, b, c, d, e, f]: [u8; 6]) -> Self {
        match u64::from_ne_bytes([0, 0, a, b, c, d, e, f]) {
            0 => Self::NONE,
            address => Self(address),
        }
    }

    /// The slot of an interface.
    #[inline(always)]
    pub const fn index(ifindex: u32) -> u32 {
        ifindex & (NICS_LEN - 1)
    }

    /// Whether a frame is for the NIC, by its first eight octets in the processor's order.
    #[inline(always)]
    pub const fn is_meant_by(self, first: u64) -> bool {
        destination(first) == self.0
    }
}

/// The first eight octets of a frame without those of the source, behind as many zeros.
#[inline(always)]
const fn destination(first: u64) -> u64 {
    without_source(first, cfg!(target_endian = "little"))
}

/// The same for a processor with the first octet of a number at its low end, or at its high end.
#[inline(always)]
const fn without_source(first: u64, is_little_endian: bool) -> u64 {
    if is_little_endian {
        first << 16
    } else {
        first >> 16
    }
}

impl Default for Nic {
    /// That of no interface.
    fn default() -> Self {
        Self::NONE
    }
}

map_types!(Nic);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first(destination: [u8; 6], source: [u8; 2]) -> u64 {
        let [a, b, c, d, e, f] = destination;
        let [g, h] = source;
        u64::from_ne_bytes([a, b, c, d, e, f, g, h])
    }

    proptest! {
        /// Whoever sent it, and whichever bit is another.
        #[test]
        fn a_frame_is_for_a_nic_by_its_destination_alone(address: [u8; 6], source: [u8; 2], bit in 0..48_usize) {
            prop_assume!(address != [0; 6]);
            let nic = Nic::of(address);
            prop_assert!(nic.is_meant_by(first(address, source)));
            let mut other = address;
            other[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!nic.is_meant_by(first(other, source)));
            prop_assert!(!Nic::NONE.is_meant_by(first(address, source)));
        }
    }

    #[test]
    fn the_source_is_shifted_out_in_either_order_of_octets() {
        let (first, left) = ([2, 3, 4, 5, 6, 7, 8, 9], [0, 0, 2, 3, 4, 5, 6, 7]);
        let little = without_source(u64::from_le_bytes(first), true);
        assert_eq!(little.to_le_bytes(), left);
        let big = without_source(u64::from_be_bytes(first), false);
        assert_eq!(big.to_be_bytes(), left);
    }

    #[test]
    fn no_frame_is_for_no_nic() {
        for octet in [0, 0xff] {
            for source in [[0; 2], [0xff; 2]] {
                assert!(!Nic::NONE.is_meant_by(first([octet; 6], source)));
                assert!(!Nic::of([0; 6]).is_meant_by(first([octet; 6], source)));
            }
        }
    }

    #[test]
    fn interfaces_whose_indexes_differ_by_256_share_a_slot() {
        assert_eq!(Nic::index(3), 3);
        assert_eq!(Nic::index(3 + NICS_LEN), 3);
    }
}
