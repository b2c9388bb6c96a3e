//! Any value survives the way through bytes, and any bytes are survived.

use core::net::Ipv6Addr;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::nd::{
    DnsServers, DomainName, Lifetime, Message, Preference, Prefix, PrefixInformation, Received,
    RouteInformation, RouterAdvert, SearchList, fill,
};

const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0x5efe, 0xc000, 0x0201);
const DESTINATION: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

fn preference() -> impl Strategy<Value = Preference> {
    prop_oneof![
        Just(Preference::Low),
        Just(Preference::Medium),
        Just(Preference::High)
    ]
}

fn lifetime() -> impl Strategy<Value = Lifetime> {
    any::<u32>().prop_map(Lifetime::from_wire)
}

fn prefix() -> impl Strategy<Value = Prefix> {
    let parts = (any::<u128>(), 0..=128_u8);
    parts.prop_map(|(bits, length)| Prefix::new(Ipv6Addr::from_bits(bits), length).unwrap())
}

fn prefix_information() -> impl Strategy<Value = PrefixInformation> {
    let parts = (
        prefix(),
        any::<bool>(),
        any::<bool>(),
        lifetime(),
        lifetime(),
    );
    parts.prop_map(
        |(prefix, on_link, autonomous, valid, preferred)| PrefixInformation {
            prefix,
            on_link,
            autonomous,
            valid,
            preferred,
        },
    )
}

fn route() -> impl Strategy<Value = RouteInformation> {
    (prefix(), preference(), lifetime()).prop_map(|(prefix, preference, lifetime)| {
        RouteInformation {
            prefix,
            preference,
            lifetime,
        }
    })
}

fn servers() -> impl Strategy<Value = DnsServers> {
    let address = (1..0xff00_u16, any::<u16>())
        .prop_map(|(high, low)| Ipv6Addr::new(high, 0, 0, 0, 0, 0, 0, low));
    (lifetime(), vec(address, 1..20)).prop_map(|(lifetime, addresses)| DnsServers {
        lifetime,
        addresses,
    })
}

fn search() -> impl Strategy<Value = SearchList> {
    let name = "[a-z0-9_-]{1,20}(\\.[a-zA-Z0-9]{1,9}){0,4}";
    let name = name.prop_map(|text| DomainName::new(&text).unwrap());
    (lifetime(), vec(name, 1..6)).prop_map(|(lifetime, names)| SearchList { lifetime, names })
}

prop_compose! {
    fn header()(
        (hop_limit, managed, other) in any::<(u8, bool, bool)>(),
        preference in preference(),
        (lifetime, reachable_time, retrans_timer) in any::<(u16, u32, u32)>(),
        mtu in any::<Option<u32>>(),
    ) -> RouterAdvert {
        RouterAdvert {
            hop_limit, managed, other, preference, lifetime, reachable_time, retrans_timer, mtu,
            ..RouterAdvert::default()
        }
    }
}

prop_compose! {
    fn advert()(
        header in header(),
        prefixes in vec(prefix_information(), 0..5),
        routes in vec(route(), 0..5),
        dns_servers in vec(servers(), 0..3),
        search_lists in vec(search(), 0..3),
    ) -> RouterAdvert {
        RouterAdvert { prefixes, routes, dns_servers, search_lists, ..header }
    }
}

proptest! {
    #[test]
    fn advertisements_survive_the_way_through_bytes(advert in advert()) {
        let messages = advert.encode(SOURCE, DESTINATION, u16::MAX);
        prop_assert_eq!(messages.len(), 1);
        let received = Received {
            source: SOURCE,
            destination: DESTINATION,
            hop_limit: Some(255),
            bytes: &messages[0],
        };
        prop_assert_eq!(RouterAdvert::decode(&received), Ok(advert));
    }

    #[test]
    fn any_bytes_are_survived(kind in 130..140_u8, mut bytes in vec(any::<u8>(), 0..300)) {
        if let [first, code, ..] = bytes.as_mut_slice() {
            (*first, *code) = (kind, 0);
        }
        fill(SOURCE, DESTINATION, &mut bytes);
        let received = Received {
            source: SOURCE,
            destination: DESTINATION,
            hop_limit: Some(255),
            bytes: &bytes,
        };
        let _ = Message::decode(&received);
    }

    #[test]
    fn any_options_are_survived(options in vec((any::<u8>(), 1..6_u8, vec(any::<u8>(), 46)), 0..8)) {
        let mut bytes = vec![134];
        bytes.resize(16, 0);
        for (kind, units, body) in options {
            bytes.extend([[3, 5, 24, 25, 31, kind][usize::from(kind) % 6], units]);
            bytes.extend(&body[..usize::from(units) * 8 - 2]);
        }
        fill(SOURCE, DESTINATION, &mut bytes);
        let received = Received {
            source: SOURCE,
            destination: DESTINATION,
            hop_limit: Some(255),
            bytes: &bytes,
        };
        prop_assert!(Message::decode(&received).is_ok());
    }
}
