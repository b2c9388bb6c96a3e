//! The ICMPv6 checksum (RFC 4443 section 2.3).

use crate::{addr::Ipv6, wire::ipv6::NEXT_ICMPV6};

/// Whether a message carries its right checksum.
pub(super) fn is_valid(source: &Ipv6, destination: &Ipv6, message: &[u8]) -> bool {
    sum(source, destination, message) == 0xffff
}

/// Writes the checksum into a message. One that is too short to have one stays as it is.
pub fn seal(source: &Ipv6, destination: &Ipv6, message: &mut [u8]) {
    if let [_, _, high, low, ..] = message {
        (*high, *low) = (0, 0);
    }
    let checksum = (!sum(source, destination, message)).to_be_bytes();
    if let [_, _, high, low, ..] = message {
        [*high, *low] = checksum;
    }
}

/// One's-complement sum over the pseudo-header and the message.
fn sum(source: &Ipv6, destination: &Ipv6, message: &[u8]) -> u16 {
    let length = message.len() as u32;
    let mut total = u64::from(length) + u64::from(NEXT_ICMPV6);
    for part in [source.as_slice(), destination, message] {
        let (pairs, rest) = part.as_chunks::<2>();
        total += pairs
            .iter()
            .map(|pair| u64::from(u16::from_be_bytes(*pair)))
            .sum::<u64>();
        total += rest.first().map_or(0, |last| u64::from(*last) << 8);
    }
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}
