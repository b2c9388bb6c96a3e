//! Prefixes of other tunnels that embed an IPv4 address of ours.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;

use crate::config::SixRd;

/// The 6rd prefix that a node with the address `ipv4` would have (RFC 5969 section 4), if the address
/// is one of those that have any.
pub fn six_rd_prefix(six_rd: &SixRd, ipv4: Ipv4Addr) -> Option<Ipv6Net> {
    if !six_rd.ipv4_prefix.contains(&ipv4) {
        return None;
    }
    let length = six_rd.delegated_length();
    let suffix = u128::from(ipv4.to_bits() & six_rd.ipv4_prefix.hostmask().to_bits());
    let shift = u32::from(128_u8.checked_sub(length)?);
    let address = six_rd.prefix.network().to_bits() | suffix.checked_shl(shift)?;
    Ipv6Net::new(Ipv6Addr::from_bits(address), length).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded(prefix: &str, ipv4_prefix: &str, ipv4: [u8; 4]) -> Option<String> {
        let six_rd = SixRd {
            prefix: prefix.parse().unwrap(),
            ipv4_prefix: ipv4_prefix.parse().unwrap(),
        };
        six_rd_prefix(&six_rd, ipv4.into()).map(|net| net.to_string())
    }

    /// The first is the example of RFC 5969 section 4 in bits.
    #[test]
    fn the_bits_of_the_address_that_differ_follow_the_prefix() {
        for (prefix, ipv4_prefix, ipv4, expected) in [
            (
                "2001:db8::/32",
                "10.0.0.0/8",
                [10, 1, 2, 3],
                Some("2001:db8:102:300::/56"),
            ),
            (
                "2001:db8::/32",
                "0.0.0.0/0",
                [10, 1, 2, 3],
                Some("2001:db8:a01:203::/64"),
            ),
            (
                "2001:d80::/28",
                "10.0.0.0/8",
                [10, 1, 2, 3],
                Some("2001:d80:1020:3000::/52"),
            ),
            (
                "2001:db8::/32",
                "10.0.0.1/32",
                [10, 0, 0, 1],
                Some("2001:db8::/32"),
            ),
            ("2001:db8::/32", "10.0.0.0/8", [192, 0, 2, 1], None),
        ] {
            let found = embedded(prefix, ipv4_prefix, ipv4);
            assert_eq!(found.as_deref(), expected, "{prefix} {ipv4_prefix}");
        }
    }
}
