//! Every frame is written byte for byte and read back.

use super::frames::{self, Frame};
use crate::nd::{
    DnsServers, DomainName, Lifetime, Message, NeighborAdvert, NeighborSolicit, Preference, Prefix,
    PrefixInformation, RouteInformation, RouterAdvert, RouterSolicit, SearchList,
};

fn prefix(text: &str, length: u8) -> Prefix {
    Prefix::new(text.parse().unwrap(), length).unwrap()
}

pub(super) fn b1() -> RouterAdvert {
    RouterAdvert {
        hop_limit: 64,
        lifetime: 1800,
        mtu: Some(1280),
        prefixes: vec![PrefixInformation {
            prefix: prefix("2001:db8:0:1::", 64),
            on_link: true,
            autonomous: true,
            valid: Lifetime::Seconds(2_592_000),
            preferred: Lifetime::Seconds(604_800),
        }],
        ..RouterAdvert::default()
    }
}

pub(super) fn b2() -> RouterAdvert {
    RouterAdvert {
        preference: Preference::High,
        routes: vec![RouteInformation {
            prefix: prefix("2001:db8:ff::", 48),
            preference: Preference::High,
            lifetime: Lifetime::Seconds(1800),
        }],
        dns_servers: vec![DnsServers {
            lifetime: Lifetime::Seconds(1800),
            addresses: vec!["2001:db8:0:1::53".parse().unwrap()],
        }],
        search_lists: vec![SearchList {
            lifetime: Lifetime::Seconds(1800),
            names: vec![DomainName::new("example.com").unwrap()],
        }],
        ..b1()
    }
}

fn b3() -> RouterAdvert {
    let mut advert = b1();
    advert.lifetime = 0;
    advert.prefixes[0].valid = Lifetime::Seconds(7200);
    advert.prefixes[0].preferred = Lifetime::ZERO;
    advert
}

fn b4() -> RouterAdvert {
    RouterAdvert {
        managed: true,
        prefixes: Vec::new(),
        ..b1()
    }
}

#[test]
fn solicitations_are_those_of_the_frames() {
    for hex in [frames::A1, frames::A2, frames::A3, frames::A5] {
        let frame = Frame::new(hex);
        let bytes = RouterSolicit.encode(frame.source, frame.destination);
        assert_eq!(bytes, frame.message);
    }
    let all = [
        frames::A1,
        frames::A2,
        frames::A3,
        frames::A5,
        frames::A6,
        frames::A7,
    ];
    for hex in all {
        let message = Message::decode(&Frame::new(hex).received());
        assert_eq!(message, Ok(Message::RouterSolicit(RouterSolicit)));
    }
}

#[test]
fn advertisements_are_those_of_the_frames() {
    let rows = [
        (frames::B1, b1()),
        (frames::B2, b2()),
        (frames::B3, b3()),
        (frames::B4, b4()),
    ];
    for (hex, advert) in rows {
        let frame = Frame::new(hex);
        let bytes = advert.encode(frame.source, frame.destination, 1280);
        assert_eq!(bytes.concat(), frame.message);
        assert_eq!(bytes.len(), 1);
        assert_eq!(RouterAdvert::decode(&frame.received()), Ok(advert));
    }
}

#[test]
fn neighbor_messages_are_those_of_the_frames() {
    for (hex, target) in [
        (frames::C1, "fe80::5efe:192.0.2.1"),
        (frames::C3, "2001:db8:0:1:0:5efe:192.0.2.5"),
    ] {
        let frame = Frame::new(hex);
        let solicit = NeighborSolicit {
            target: target.parse().unwrap(),
        };
        assert_eq!(NeighborSolicit::decode(&frame.received()), Ok(solicit));
        assert_eq!(
            solicit.encode(frame.source, frame.destination),
            frame.message
        );
    }
    for (hex, router, target) in [
        (frames::C2, true, "fe80::5efe:192.0.2.1"),
        (frames::C4, false, "2001:db8:0:1:0:5efe:192.0.2.5"),
    ] {
        let frame = Frame::new(hex);
        let target = target.parse().unwrap();
        let advert = NeighborAdvert {
            router,
            solicited: true,
            overrides: false,
            target,
        };
        assert_eq!(NeighborAdvert::decode(&frame.received()), Ok(advert));
        assert_eq!(
            advert.encode(frame.source, frame.destination),
            frame.message
        );
    }
}

#[test]
fn a_link_layer_option_that_lies_is_skipped() {
    let read = NeighborSolicit::decode(&Frame::new(frames::C5).received());
    let target = "fe80::5efe:192.0.2.1".parse().unwrap();
    assert_eq!(read, Ok(NeighborSolicit { target }));
}
