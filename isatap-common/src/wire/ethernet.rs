//! Ethernet II.

/// Octets of the header.
pub const LENGTH: usize = 14;
/// EtherType of IPv4.
pub const IPV4: u16 = 0x0800;
/// EtherType of IPv6.
pub const IPV6: u16 = 0x86dd;

/// The EtherType of a header.
#[inline(always)]
pub const fn ethertype(header: &[u8; LENGTH]) -> u16 {
    u16::from_be_bytes([header[12], header[13]])
}

/// Two addresses as they stand in a header.
#[inline(always)]
pub const fn pair(destination: [u8; 6], source: [u8; 6]) -> [u8; 12] {
    let (d, s) = (destination, source);
    [
        d[0], d[1], d[2], d[3], d[4], d[5], s[0], s[1], s[2], s[3], s[4], s[5],
    ]
}

/// A header from its parts.
#[inline(always)]
pub const fn header(macs: [u8; 12], ethertype: u16) -> [u8; LENGTH] {
    let (m, [high, low]) = (macs, ethertype.to_be_bytes());
    [
        m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], m[9], m[10], m[11], high, low,
    ]
}
