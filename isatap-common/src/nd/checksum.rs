use core::net::Ipv6Addr;

const ICMPV6: u32 = 58;

/// The ICMPv6 checksum over the pseudo header and `message` as it stands (RFC 4443 section 2.3):
/// zero if the message carries the right one.
pub fn checksum(source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]) -> u16 {
    let length = (message.len() as u32).to_be_bytes();
    let sum = words(&source.octets())
        + words(&destination.octets())
        + words(&length)
        + words(&ICMPV6.to_be_bytes())
        + words(message);
    !fold(sum)
}

/// Writes the checksum into `message`, whatever its field held before.
pub fn fill(source: Ipv6Addr, destination: Ipv6Addr, message: &mut [u8]) {
    set(message, [0, 0]);
    let sum = checksum(source, destination, message);
    set(message, sum.to_be_bytes());
}

/// Whether octets add up to what they do with a right checksum among them (RFC 1071).
pub(crate) fn adds_up(bytes: &[u8]) -> bool {
    fold(words(bytes)) == u16::MAX
}

fn set(message: &mut [u8], value: [u8; 2]) {
    if let Some(field) = message.get_mut(2..4) {
        field.copy_from_slice(&value);
    }
}

fn words(bytes: &[u8]) -> u64 {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let sum: u64 = pairs
        .iter()
        .map(|pair| u64::from(u16::from_be_bytes(*pair)))
        .sum();
    sum + odd.first().map_or(0, |last| u64::from(*last) << 8)
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
