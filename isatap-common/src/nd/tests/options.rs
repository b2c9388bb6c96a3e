//! Options of an advertisement: what is discarded, masked and spread over messages.

use core::net::Ipv6Addr;

use super::bytes::{b1, b2};
use crate::nd::{
    DnsServers, DomainName, Lifetime, Preference, Prefix, PrefixInformation, Received,
    RouteInformation, RouterAdvert, SearchList, fill,
};

const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0x5efe, 0xc000, 0x0201);
const DESTINATION: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0x5efe, 0xc000, 0x0205);

fn read(mut message: Vec<u8>) -> RouterAdvert {
    fill(SOURCE, DESTINATION, &mut message);
    let received = Received {
        source: SOURCE,
        destination: DESTINATION,
        hop_limit: Some(255),
        bytes: &message,
    };
    RouterAdvert::decode(&received).unwrap()
}

/// What an advertisement with only these options is read as.
fn options(bytes: &[u8]) -> RouterAdvert {
    let mut message = vec![134; 1];
    message.resize(16, 0);
    message.extend(bytes);
    read(message)
}

#[test]
fn route_information_is_as_long_as_its_prefix_needs() {
    let option = |units: u8, length, flags| {
        let mut bytes = vec![24, units, length, flags, 0, 0, 0, 9];
        bytes.resize(usize::from(units) * 8, 0xff);
        options(&bytes).routes
    };
    for (units, length) in [
        (1, 0),
        (2, 0),
        (3, 0),
        (2, 1),
        (2, 64),
        (3, 64),
        (3, 65),
        (3, 128),
    ] {
        let expected = RouteInformation {
            prefix: Prefix::new(Ipv6Addr::from_bits(u128::MAX), length).unwrap(),
            preference: Preference::Low,
            lifetime: Lifetime::Seconds(9),
        };
        assert_eq!(option(units, length, 0b11 << 3), [expected]);
    }
    for (units, length) in [(1, 1), (2, 65), (1, 128), (3, 129), (4, 64)] {
        assert_eq!(option(units, length, 0), [], "{units} units for /{length}");
    }
    assert_eq!(option(2, 64, 0b10 << 3), [], "reserved preference");
}

#[test]
fn written_routes_have_zero_bits_behind_the_prefix() {
    let prefix = Prefix::new("2001:db8:ffff::1".parse().unwrap(), 33).unwrap();
    assert_eq!(prefix.address().to_string(), "2001:db8:8000::");
    assert_eq!(prefix.length(), 33);
    assert_eq!(Prefix::new(SOURCE, 129), None);
}

#[test]
fn dns_servers_need_an_odd_length_and_unicast_addresses() {
    let option = |units: u8, address: &str| {
        let mut bytes = vec![25, units, 0, 0, 0xff, 0xff, 0xff, 0xff];
        bytes.extend(address.parse::<Ipv6Addr>().unwrap().octets());
        bytes.resize(usize::from(units) * 8, 1);
        options(&bytes).dns_servers
    };
    let expected = DnsServers {
        lifetime: Lifetime::Infinite,
        addresses: vec!["2001:db8::53".parse().unwrap()],
    };
    assert_eq!(option(3, "2001:db8::53"), [expected]);
    assert_eq!(option(1, "::"), []);
    assert_eq!(option(2, "2001:db8::53"), []);
    assert_eq!(option(4, "2001:db8::53"), []);
    assert_eq!(option(3, "ff02::53"), []);
    assert_eq!(option(3, "::"), []);
}

#[test]
fn search_names_are_plain_labels_that_end_inside() {
    let option = |names: &[u8]| {
        let units = (8 + names.len()).div_ceil(8);
        let mut bytes = vec![31, units as u8, 0, 0, 0, 0, 0, 1];
        bytes.extend(names);
        bytes.resize(units * 8, 0);
        let lists = options(&bytes).search_lists;
        lists.first().map(|list| {
            list.names
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(
        option(b"\x01a\x02bc\0\x01d\0"),
        Some(vec!["a.bc".into(), "d".into()])
    );
    for (bad, why) in [
        (&b""[..], "no name"),
        (b"\x01a\xc0\x00\0\0\0\0", "pointer"),
        (b"\x05abc\0\0\0\0", "zero in a label"),
        (b"\x07example", "no end"),
        (b"\x3fexample", "past the end"),
        (b"\x03a b\0", "space"),
        (b"\x03a.b\0", "dot in a label"),
        (b"\x03a\nb\0", "line end"),
        (b"\x01a\0\0\x01b\0", "bytes behind the padding"),
    ] {
        assert_eq!(option(bad), None, "{why}");
    }
    let long = [&b"\x09abcdefghi"[..]; 26].concat();
    assert_eq!(option(&long), None, "name above 255");
}

#[test]
fn names_are_checked_before_they_are_written() {
    assert_eq!(
        DomainName::new("example.com.").unwrap().as_str(),
        "example.com"
    );
    for bad in [
        "",
        ".",
        "a..b",
        "-\u{e9}",
        &"a".repeat(64),
        &["abc"; 64].join("."),
    ] {
        assert_eq!(DomainName::new(bad), None, "{bad}");
    }
}

#[test]
fn prefix_and_mtu_options_of_another_length_are_discarded() {
    let mut short = vec![3, 3];
    short.resize(24, 0);
    let long = [[5, 2, 0, 0, 0, 0, 5, 0], [0; 8]].concat();
    let mut beyond = vec![3, 4, 129];
    beyond.resize(32, 0);
    assert_eq!(
        options(&[short, long, beyond].concat()),
        RouterAdvert::default()
    );
}

#[test]
fn options_beyond_the_mtu_go_into_further_messages() {
    let mut advert = b2();
    advert.prefixes = vec![b1().prefixes[0]; 100];
    let messages = advert.encode(SOURCE, DESTINATION, 1280);
    assert_eq!(messages.len(), 3);
    let mut joined = RouterAdvert::default();
    for message in messages {
        assert!(message.len() + 40 <= 1280);
        let part = read(message);
        assert_eq!(
            (part.lifetime, part.preference),
            (advert.lifetime, advert.preference)
        );
        joined.mtu = joined.mtu.or(part.mtu);
        joined.prefixes.extend(part.prefixes);
        joined.routes.extend(part.routes);
        joined.dns_servers.extend(part.dns_servers);
        joined.search_lists.extend(part.search_lists);
    }
    let header = RouterAdvert {
        hop_limit: 64,
        lifetime: 1800,
        preference: Preference::High,
        ..joined
    };
    assert_eq!(header, advert);
}

/// Every message stands for itself: a host that hears one of them only makes no wrong use of it.
#[test]
fn sixty_prefixes_and_name_servers_are_messages_that_are_each_valid_alone() {
    let base = b1().prefixes[0];
    let prefix = |n: u16| PrefixInformation {
        prefix: Prefix::new(Ipv6Addr::new(0x2001, 0xdb8, 0, n, 0, 0, 0, 0), 64).unwrap(),
        ..base
    };
    let advert = RouterAdvert {
        prefixes: (0..60).map(prefix).collect(),
        ..b2()
    };
    for (mtu, count) in [(1280, 2), (1480, 2), (9000, 1), (0, 2)] {
        let messages = advert.encode(SOURCE, DESTINATION, mtu);
        assert_eq!(messages.len(), count, "{mtu}");
        let parts: Vec<_> = messages
            .into_iter()
            .inspect(|message| assert!(message.len() + 40 <= usize::from(mtu.max(1280))))
            .map(read)
            .collect();
        for part in &parts {
            let header = RouterAdvert {
                mtu: advert.mtu,
                prefixes: advert.prefixes.clone(),
                routes: advert.routes.clone(),
                dns_servers: advert.dns_servers.clone(),
                search_lists: advert.search_lists.clone(),
                ..part.clone()
            };
            assert_eq!(header, advert, "the header is in every one");
        }
        let prefixes: Vec<_> = parts.iter().flat_map(|part| &part.prefixes).collect();
        assert_eq!(prefixes, advert.prefixes.iter().collect::<Vec<_>>());
        let names = |of: &RouterAdvert| (of.dns_servers.len(), of.search_lists.len());
        assert_eq!(parts.last().map(names), Some(names(&advert)));
    }
}

#[test]
fn lists_too_long_for_one_option_become_several() {
    let name = DomainName::new(&["abcdefghi"; 20].join(".")).unwrap();
    let advert = RouterAdvert {
        dns_servers: vec![DnsServers {
            lifetime: Lifetime::ZERO,
            addresses: vec![SOURCE; 200],
        }],
        search_lists: vec![SearchList {
            lifetime: Lifetime::ZERO,
            names: vec![name; 20],
        }],
        ..RouterAdvert::default()
    };
    let parts: Vec<_> = advert
        .encode(SOURCE, DESTINATION, 1280)
        .into_iter()
        .map(read)
        .collect();
    let servers = parts
        .iter()
        .flat_map(|p| &p.dns_servers)
        .flat_map(|d| &d.addresses)
        .count();
    let names = parts
        .iter()
        .flat_map(|p| &p.search_lists)
        .flat_map(|s| &s.names)
        .count();
    assert_eq!((servers, names), (200, 20));
}
