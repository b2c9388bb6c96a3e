//! ICMPv6 errors: what is said, about what, and whether others read it.

use core::net::Ipv6Addr;

use proptest::prelude::*;
use smoltcp::wire::{Icmpv6Message, Icmpv6Packet};

use crate::icmp::Icmpv6Error::{AddressUnreachable, PacketTooBig};

const SOURCE: &str = "2001:db8:f::1";
const DESTINATION: &str = "2001:db8:0:1:0:5efe:a01:2";
const UDP: u8 = 17;
const ICMPV6: u8 = 58;

/// An IPv6 packet.
fn packet(source: &str, destination: &str, next_header: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let octets = |text: &str| text.parse::<Ipv6Addr>().unwrap().octets();
    let header = [0x60, 0, 0, 0, high, low, next_header, 64];
    [
        &header,
        &octets(source)[..],
        &octets(destination)[..],
        payload,
    ]
    .concat()
}

fn plain(next_header: u8, payload: &[u8]) -> Vec<u8> {
    packet(SOURCE, DESTINATION, next_header, payload)
}

fn is_answered(packet: &[u8]) -> bool {
    AddressUnreachable.about(packet).is_some()
}

#[test]
fn others_read_what_is_said() {
    let about = plain(UDP, &[7; 1440]);
    for (error, kind, code) in [
        (PacketTooBig { mtu: 1400 }, Icmpv6Message::PktTooBig, 0),
        (AddressUnreachable, Icmpv6Message::DstUnreachable, 3),
    ] {
        let (to, message) = error.about(&about).unwrap();
        assert_eq!(to.to_string(), SOURCE);
        assert_eq!(message.len() + 40, 1280, "as much as fits");
        let read = Icmpv6Packet::new_checked(&message[..]).unwrap();
        assert_eq!((read.msg_type(), read.msg_code()), (kind, code));
        assert_eq!(read.payload(), &about[..1232]);
        if kind == Icmpv6Message::PktTooBig {
            assert_eq!(read.pkt_too_big_mtu(), 1400);
        }
    }
    let short = plain(UDP, &[7; 8]);
    let (_, message) = AddressUnreachable.about(&short).unwrap();
    assert_eq!(message[8..], short, "no more than there is");
}

#[test]
fn nothing_below_the_least_mtu_is_ever_said() {
    for (mtu, said) in [(0, 1280), (576, 1280), (1279, 1280), (1281, 1281)] {
        let (_, message) = PacketTooBig { mtu }.about(&plain(UDP, &[0; 8])).unwrap();
        let read = Icmpv6Packet::new_checked(&message[..]).unwrap();
        assert_eq!(read.pkt_too_big_mtu(), said, "{mtu}");
    }
}

/// RFC 4443 section 2.4 (e).
#[test]
fn no_error_is_sent_about_errors_redirects_or_those_who_are_not_one_node() {
    let kind = |kind: u8| plain(ICMPV6, &[kind, 0, 0, 0, 0, 0, 0, 0]);
    for (answered, kinds) in [
        (false, vec![0, 1, 2, 3, 4, 100, 127, 137]),
        (true, vec![128, 129, 133, 136]),
    ] {
        for each in kinds {
            assert_eq!(is_answered(&kind(each)), answered, "type {each}");
        }
    }
    for source in ["::", "::1", "ff02::1", "::ffff:10.0.0.1", "::10.0.0.1"] {
        let from = packet(source, DESTINATION, UDP, &[0; 8]);
        assert!(!is_answered(&from), "from {source}");
    }
    assert!(!is_answered(&packet(SOURCE, "ff0e::1", UDP, &[0; 8])));
    assert!(is_answered(&packet("fe80::1", DESTINATION, UDP, &[0; 8])));
}

#[test]
fn an_error_behind_extension_headers_is_found() {
    let behind = |next_header: u8, header: &[u8], kind: u8| {
        plain(next_header, &[header, &[kind, 0, 0, 0]].concat())
    };
    let options = |next: u8| [next, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let authentication = |next: u8| [&[next, 4][..], &[0; 22]].concat();
    let fragment = |next: u8, offset: u8| [next, 0, 0, offset << 3 | 1, 0, 0, 0, 9];
    for kind in [2, 137] {
        for extension in [0, 43, 60] {
            assert!(!is_answered(&behind(extension, &options(ICMPV6), kind)));
        }
        assert!(!is_answered(&behind(51, &authentication(ICMPV6), kind)));
        assert!(!is_answered(&behind(44, &fragment(ICMPV6, 0), kind)));
        let two = [&options(51)[..], &authentication(ICMPV6)].concat();
        assert!(!is_answered(&behind(60, &two, kind)));
    }
    assert!(is_answered(&behind(60, &options(ICMPV6), 128)));
    assert!(is_answered(&behind(44, &fragment(UDP, 0), 2)));
    assert!(is_answered(&behind(44, &fragment(UDP, 7), 2)));
    // What a later fragment belongs to is not in it.
    for hidden in [ICMPV6, 60] {
        assert!(!is_answered(&behind(44, &fragment(hidden, 7), 128)));
    }
    // And nothing is in a chain that is cut off.
    assert!(!is_answered(&plain(60, &options(ICMPV6))));
    assert!(!is_answered(&plain(60, &[ICMPV6, 200, 0, 0])));
}

proptest! {
    #[test]
    fn no_packet_brings_it_down(octets in prop::collection::vec(any::<u8>(), 0..200), mtu: u32) {
        if let Some((_, message)) = (PacketTooBig { mtu }).about(&octets) {
            prop_assert!(message.ends_with(&octets));
        }
    }

    /// Whatever stands in front of it.
    #[test]
    fn an_error_is_never_answered(headers in prop::collection::vec((0..3usize, 0..4u8), 0..6), kind in 0..128u8) {
        let kinds = [0, 43, 60];
        let mut next = ICMPV6;
        let mut payload = vec![kind, 0, 0, 0];
        for (which, length) in headers {
            let mut header = vec![0; 8 * (usize::from(length) + 1)];
            header[0] = next;
            header[1] = length;
            payload = [header, payload].concat();
            next = kinds[which];
        }
        prop_assert!(!is_answered(&plain(next, &payload)));
    }
}
