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

/// Two addresses as they stand in a header, in words.
#[inline(always)]
pub const fn pair(destination: [u8; 6], source: [u8; 6]) -> [u32; 3] {
    let (d, s) = (destination, source);
    [
        u32::from_ne_bytes([d[0], d[1], d[2], d[3]]),
        u32::from_ne_bytes([d[4], d[5], s[0], s[1]]),
        u32::from_ne_bytes([s[2], s[3], s[4], s[5]]),
    ]
}

/// The octets of such words: first the destination's.
#[inline(always)]
pub const fn octets(pair: [u32; 3]) -> [u8; 12] {
    let [[a, b, c, d], [e, f, g, h], [i, j, k, l]] = [
        pair[0].to_ne_bytes(),
        pair[1].to_ne_bytes(),
        pair[2].to_ne_bytes(),
    ];
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

/// A header from its parts.
#[inline(always)]
pub const fn header(pair: [u32; 3], ethertype: u16) -> [u8; LENGTH] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = octets(pair);
    let [high, low] = ethertype.to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l, high, low]
}
