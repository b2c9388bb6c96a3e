//! The packet builder against frames that were made elsewhere.

use std::net::Ipv6Addr;

use isatap_tests::packet::{Inner, Outer, ethernet};

/// A Router Solicitation of Windows Vista, from a published capture.
const SOLICITATION: &str = "450000440038000080292657 0a000002 0a000001 6000000000083aff \
    fe8000000000000000005efe0a000002 fe8000000000000000005efe0a000001 8500abbb00000000";

#[test]
fn builds_a_solicitation_from_a_real_capture() {
    let inner = solicitation().packet().unwrap();
    let outer = Outer::new([10, 0, 0, 2].into(), [10, 0, 0, 1].into())
        .ttl(128)
        .identification(56);
    assert_eq!(
        hex(&outer.packet(&inner).unwrap()),
        SOLICITATION.replace(' ', "")
    );
}

#[test]
fn fragments_hold_the_whole_payload() {
    let inner = solicitation().packet().unwrap();
    let outer = Outer::new([10, 0, 0, 2].into(), [10, 0, 0, 1].into());
    let fragments = outer.fragments(&inner, 24).unwrap();
    let joined: Vec<u8> = fragments
        .iter()
        .flat_map(|packet| &packet[20..])
        .copied()
        .collect();
    assert_eq!(joined, inner);
    let flags: Vec<_> = fragments
        .iter()
        .map(|packet| [packet[6], packet[7]])
        .collect();
    assert_eq!(flags, [[0x20, 0], [0, 3]]);
}

#[test]
fn options_and_padding_are_where_they_belong() {
    let outer = Outer::new([10, 0, 0, 2].into(), [10, 0, 0, 1].into());
    let packet = outer
        .options(&[1, 1, 1, 0])
        .unwrap()
        .padding(6)
        .packet(&[0x60])
        .unwrap();
    assert_eq!((packet[0], packet[3], packet.len()), (0x46, 25, 31));
}

#[test]
fn the_ethernet_type_follows_the_version() {
    assert_eq!(ethernet([1; 6], [2; 6], &[0x60])[12..], [0x86, 0xdd, 0x60]);
    assert_eq!(ethernet([1; 6], [2; 6], &[0x45])[12..], [0x08, 0x00, 0x45]);
}

fn solicitation() -> Inner {
    let address = |last| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0x5efe, 0x0a00, last);
    Inner::new(address(2), address(1)).icmp(133, 0, &[0; 4])
}

fn hex(octets: &[u8]) -> String {
    octets
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect::<Vec<_>>()
        .concat()
}
