//! What an IPv4 address may be on the link, as the contents of `KNOWN_IPV4`.

use std::{collections::BTreeMap, net::Ipv4Addr};

use ipnet::Ipv4Net;
use isatap_common::abi::Standing;

/// Networks of which no address is one peer (RFC 1122 section 3.2.1.3).
const MARTIANS: [([u8; 4], u8); 4] = [
    ([0, 0, 0, 0], 8),
    ([127, 0, 0, 0], 8),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// The table for a site of `known` networks, or of all unicast addresses if none is given, on a
/// node with the `connected` addresses. The directed broadcasts of connected networks are
/// martian, and so is the network's own address, which old hosts take for a broadcast.
pub fn known_ipv4(known: &[Ipv4Net], connected: &[Ipv4Net]) -> BTreeMap<Ipv4Net, Standing> {
    let mut table = BTreeMap::new();
    let default = if known.is_empty() {
        Standing::Known
    } else {
        Standing::Unknown
    };
    table.insert(Ipv4Net::default(), default);
    table.extend(
        known
            .iter()
            .map(|network| (network.trunc(), Standing::Known)),
    );
    table.extend(MARTIANS.into_iter().filter_map(|(address, length)| {
        Ipv4Net::new(address.into(), length)
            .ok()
            .map(|network| (network, Standing::Martian))
    }));
    for network in connected.iter().filter(|network| network.prefix_len() < 31) {
        table.insert(Ipv4Net::from(network.broadcast()), Standing::Martian);
        table.insert(Ipv4Net::from(network.network()), Standing::Martian);
    }
    table.extend(
        connected
            .iter()
            .map(|network| (host(network.addr()), Standing::Own)),
    );
    table
}

fn host(address: Ipv4Addr) -> Ipv4Net {
    Ipv4Net::from(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn without_a_list_every_unicast_address_is_known() {
        let table = known_ipv4(&[], &[net("10.1.0.2/24")]);
        assert_eq!(table[&net("0.0.0.0/0")], Standing::Known);
        assert_eq!(table[&net("10.1.0.255/32")], Standing::Martian);
        assert_eq!(table[&net("10.1.0.0/32")], Standing::Martian);
        assert_eq!(table[&net("10.1.0.2/32")], Standing::Own);
    }

    #[test]
    fn with_a_list_the_rest_is_unknown() {
        let table = known_ipv4(&[net("10.0.0.0/8")], &[net("10.1.0.2/31")]);
        assert_eq!(table[&net("0.0.0.0/0")], Standing::Unknown);
        assert_eq!(table[&net("10.0.0.0/8")], Standing::Known);
        assert!(
            !table.contains_key(&net("10.1.0.3/32")),
            "a /31 has no broadcast"
        );
    }
}
