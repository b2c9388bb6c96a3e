use proptest::prelude::*;

use super::*;
use crate::{
    abi::identifier,
    addr::{self, Form},
    octets::Octets,
    path::parse,
};

impl Head for Vec<u8> {
    fn octet(&self, at: usize) -> u8 {
        self[at]
    }

    fn two(&self, at: usize) -> u16 {
        u16::from_ne_bytes(self.read(at).unwrap())
    }

    fn four(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.read(at).unwrap())
    }

    fn eight(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.read(at).unwrap())
    }
}

impl Octets for Vec<u8> {
    fn read<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.as_slice().read(at)
    }

    fn holds(&self, length: usize) -> bool {
        self.len() >= length
    }
}

const LOCAL: [u8; 4] = [10, 0, 0, 1];
const REMOTE: [u8; 4] = [10, 0, 0, 7];
const NATIVE: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0xf, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

fn isatap() -> [u8; 16] {
    addr::address([0x20, 1, 0xd, 0xb8, 0, 0, 0, 1], Form::Local, REMOTE)
}

fn inner(source: [u8; 16], destination: [u8; 16]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, 4, 17, 64];
    packet.extend([source, destination].concat());
    packet.extend([0; 4]);
    packet
}

fn tunnelled() -> Vec<u8> {
    let inner = inner(isatap(), NATIVE);
    let outer = ipv4::Outer {
        traffic_class: 0,
        total_length: u16::try_from(ipv4::LENGTH + inner.len()).unwrap(),
        identification: 1,
        common: ipv4::Common::new(false, 64),
        ends: Ends {
            source: REMOTE,
            destination: LOCAL,
        },
    };
    [&[0; 12][..], &[8, 0], &outer.seal().octets(), &inner].concat()
}

fn native() -> Vec<u8> {
    [&[0; 12][..], &[0x86, 0xdd], &inner(NATIVE, isatap())].concat()
}

/// Writes a checksum that is right into the outer header.
fn summed(mut frame: Vec<u8>) -> Vec<u8> {
    frame[OUTER + 10..OUTER + 12].fill(0);
    let checksum = !checksum::sum(&frame.read(OUTER).unwrap());
    frame[OUTER + 10..OUTER + 12].copy_from_slice(&checksum.to_ne_bytes());
    frame
}

#[test]
fn frames_are_for_the_nic_that_they_begin_with() {
    const ADDRESS: [u8; 6] = [2, 0, 0, 0, 9, 2];
    let mut frame = tunnelled();
    assert!(!is_for(&frame, Nic::of(ADDRESS)));
    frame[..6].copy_from_slice(&ADDRESS);
    assert!(is_for(&frame, Nic::of(ADDRESS)));
    frame[6..12].fill(0xff);
    assert!(is_for(&frame, Nic::of(ADDRESS)));
}

#[test]
fn ordinary_packets_are_taken() {
    let frame = tunnelled();
    assert_eq!(inward(&frame, || frame.len()), Some(44));
    assert_eq!(inward(&frame, || frame.len() - 1), None);
    assert!(vouches_for_itself(&frame));
    let frame = native();
    assert_eq!(outward(&frame, || frame.len()), Some(44));
    assert_eq!(outward(&frame, || frame.len() - 1), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// What is taken here the whole path takes for the same, and it has nothing to say against.
    #[test]
    fn what_is_taken_is_plain(at in OUTER..INWARD, octet: u8, also in OUTER..INWARD, other: u8) {
        let mut frame = tunnelled();
        frame[at] = octet;
        frame[also] = other;
        let frame = summed(frame);
        let Some(length) = inward(&frame, || frame.len()) else { return Ok(()) };
        let packet = parse::plain(&frame, OUTER);
        prop_assert!(packet.is_some());
        let packet = packet.unwrap();
        prop_assert_eq!(packet.inner.total_length(), length);
        prop_assert!(packet.inner.hop_limit > 1 && packet.icmp_type.is_none());
        prop_assert!(!matches!(packet.inner.next_header, ipv6::NEXT_IPV4 | ipv6::NEXT_IPV6));
        let strip = crate::path::rewrite::strip(&packet).unwrap();
        prop_assert!(!strip.is_marked);
        prop_assert_eq!(inner_destination(&frame), packet.inner.destination);
        let embeds_it = packet.inner.source.embedded() == Some(packet.outer.source);
        prop_assert_eq!(vouches_for_itself(&frame), embeds_it);
        let id = identifier(packet.outer.source);
        prop_assert_eq!(inner_source(&frame).1 == id, embeds_it);
        prop_assert_eq!(inner_source(&frame).0, packet.inner.source.high.to_be());
        prop_assert_eq!(origin(&frame, 3), packet.origin(3));
        prop_assert_eq!(Ends::of(ends(&frame)), packet.origin(3).ends);
        prop_assert_eq!(inner_length(&frame), length);
    }

    #[test]
    fn a_wrong_checksum_is_noticed(bit in 0usize..160) {
        let mut frame = tunnelled();
        frame[OUTER + bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(inward(&frame, || frame.len()), None);
    }

    #[test]
    fn what_leaves_is_native(at in PLAIN..OUTWARD, octet: u8, also in PLAIN..OUTWARD, other: u8) {
        let mut frame = native();
        frame[at] = octet;
        frame[also] = other;
        let Some(length) = outward(&frame, || frame.len()) else { return Ok(()) };
        let packet = parse::outbound(&frame, PLAIN).unwrap();
        let (source, to) = (packet.inner.source, packet.inner.destination);
        prop_assert_eq!(packet.inner.total_length(), length);
        prop_assert_eq!(plain_length(&frame), length);
        prop_assert!(packet.inner.hop_limit > 1);
        prop_assert!(!source.is_martian_source() && !source.is_link_local());
        prop_assert!(source.embedded().is_none() && source.six_to_four().is_none());
        prop_assert!(!to.is_multicast() && !to.is_link_local());
        prop_assert_eq!(destination(&frame), to);
        prop_assert_eq!(is_to_isatap(&frame), to.embedded().is_some());
        prop_assert_eq!(remote(&frame), to.embedded());
    }
}
