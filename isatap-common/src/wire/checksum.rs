//! The Internet checksum (RFC 1071) of an IPv4 header without options.

/// Octets of an IPv4 header without options.
const HEADER: usize = super::ipv4::LENGTH;

/// Whether the header carries its right checksum.
#[inline(always)]
pub fn is_valid(header: &[u8; HEADER]) -> bool {
    let sum = words(header);
    sum != 0 && is_right(sum)
}

/// Whether five words of a header add up, the checksum among them, in either order of octets. `sum` is not zero,
/// as that of a header never is, which has a version.
#[inline(always)]
pub const fn is_right(sum: u64) -> bool {
    // The right sums are the multiples of 0xffff. Its inverse modulo 2^64 makes of each its quotient, which is
    // less than 2^19 here, and of any other number one that is more than all quotients: 2^64 / 0xffff.
    const INVERSE: u64 = 0xfffe_fffe_fffe_ffff;
    const _: () = assert!(INVERSE.wrapping_mul(0xffff) == 1);
    sum.wrapping_mul(INVERSE) <= i32::MAX as u64
}

/// The one's-complement sum of the header, in the processor's order of octets.
#[inline(always)]
pub fn sum(header: &[u8; HEADER]) -> u16 {
    fold(fold(fold(words(header)))) as u16
}

/// The checksum of a header whose sum without `words` is `sum`, less than 2^17, all of them as they stand in it.
#[inline(always)]
pub const fn added(sum: u32, words: [u16; 4]) -> u16 {
    let [a, b, c, d] = words;
    let total = sum + a as u32 + b as u32 + c as u32 + d as u32;
    let total = (total & 0xffff) + (total >> 16);
    !((total + (total >> 16)) as u16)
}

/// The sum of the 32-bit words, in the processor's order of octets: the sum of swapped words is the
/// swapped sum. Adding 32-bit words and folding gives the same as adding 16-bit words, because 2^16
/// is 1 in this arithmetic.
#[inline(always)]
fn words(h: &[u8; HEADER]) -> u64 {
    u64::from(u32::from_ne_bytes([h[0], h[1], h[2], h[3]]))
        + u64::from(u32::from_ne_bytes([h[4], h[5], h[6], h[7]]))
        + u64::from(u32::from_ne_bytes([h[8], h[9], h[10], h[11]]))
        + u64::from(u32::from_ne_bytes([h[12], h[13], h[14], h[15]]))
        + u64::from(u32::from_ne_bytes([h[16], h[17], h[18], h[19]]))
}

#[inline(always)]
const fn fold(sum: u64) -> u64 {
    (sum & 0xffff) + (sum >> 16)
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
        assert_eq!(u16::from_be(!sum(&blank)), 0x2657);
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_noticed(bit in 0usize..160) {
            let mut header = CAPTURED;
            header[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!is_valid(&header));
        }

        /// As RFC 1071 has it: folded until nothing is left to carry, the sum is all ones.
        #[test]
        fn sums_are_right_that_fold_to_all_ones(sum in 1..=5 * u64::from(u32::MAX), quotient in 1..=327_685_u64) {
            prop_assert_eq!(is_right(sum), fold(fold(fold(sum))) == 0xffff);
            let multiple = quotient * 0xffff;
            prop_assert!(is_right(multiple) && fold(fold(fold(multiple))) == 0xffff);
            prop_assert!(!is_right(multiple - 1) && !is_right(multiple + 1));
        }

        #[test]
        fn words_may_be_added_later(mut header: [u8; 20], words: [u16; 4]) {
            for at in [0, 2, 4, 10, 18] {
                header[at..at + 2].fill(0);
            }
            let checksum = added(sum(&header).into(), words);
            for (at, word) in [0, 2, 4, 18].into_iter().zip(words) {
                header[at..at + 2].copy_from_slice(&word.to_ne_bytes());
            }
            header[10..12].copy_from_slice(&checksum.to_ne_bytes());
            prop_assert!(is_valid(&header));
        }

        #[test]
        fn computed_checksum_is_valid(mut header: [u8; 20]) {
            header[10..12].fill(0);
            let checksum = !sum(&header);
            header[10..12].copy_from_slice(&checksum.to_ne_bytes());
            prop_assert!(is_valid(&header));
        }
    }
}
