//! The Internet checksum (RFC 1071) of an IPv4 header without options.

/// Octets of an IPv4 header without options.
const HEADER: usize = super::ipv4::LENGTH;

/// Whether the header carries its right checksum.
#[inline(always)]
pub fn is_valid(header: &[u8; HEADER]) -> bool {
    sum(header) == 0xffff
}

/// The checksum of the header, whose own checksum field must be zero.
#[inline(always)]
pub fn of(header: &[u8; HEADER]) -> u16 {
    !sum(header)
}

/// One's-complement sum. Adding 32-bit words and folding twice gives the same as adding 16-bit
/// words, because 2^16 is 1 in this arithmetic.
#[inline(always)]
fn sum(h: &[u8; HEADER]) -> u16 {
    let words = u64::from(u32::from_be_bytes([h[0], h[1], h[2], h[3]]))
        + u64::from(u32::from_be_bytes([h[4], h[5], h[6], h[7]]))
        + u64::from(u32::from_be_bytes([h[8], h[9], h[10], h[11]]))
        + u64::from(u32::from_be_bytes([h[12], h[13], h[14], h[15]]))
        + u64::from(u32::from_be_bytes([h[16], h[17], h[18], h[19]]));
    let halves = (words & 0xffff) + ((words >> 16) & 0xffff) + (words >> 32);
    let halves = (halves & 0xffff) + (halves >> 16);
    ((halves & 0xffff) + (halves >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A header of a published capture: a Windows host solicits, checksum 0x2657.
    const CAPTURED: [u8; 20] = [
        0x45, 0, 0, 0x44, 0, 0x38, 0, 0, 0x80, 0x29, 0x26, 0x57, 10, 0, 0, 2, 10, 0, 0, 1,
    ];

    #[test]
    fn captured_header_is_valid() {
        assert!(is_valid(&CAPTURED));
        let mut blank = CAPTURED;
        blank[10..12].fill(0);
        assert_eq!(of(&blank), 0x2657);
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_noticed(bit in 0usize..160) {
            let mut header = CAPTURED;
            header[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!is_valid(&header));
        }

        #[test]
        fn computed_checksum_is_valid(mut header: [u8; 20]) {
            header[10..12].fill(0);
            let checksum = of(&header);
            header[10..12].copy_from_slice(&checksum.to_be_bytes());
            prop_assert!(is_valid(&header));
        }
    }
}
