//! Other implementations read what we write.

use etherparse::icmpv6::{Icmpv6PayloadSlice, NdpOptionSlice};
use etherparse::{Icmpv6Slice, Icmpv6Type};
use smoltcp::wire::{Icmpv6Message, Icmpv6Packet};

use super::bytes::{b1, b2};
use super::frames::{self, Frame};
use crate::nd::{NeighborAdvert, NeighborSolicit, RouterSolicit};

#[test]
fn both_agree_on_type_and_checksum() {
    let Frame {
        source,
        destination,
        ..
    } = Frame::new(frames::B2);
    let target = source;
    let answer = NeighborAdvert {
        router: true,
        solicited: true,
        overrides: false,
        target,
    };
    let advert = b2().encode(source, destination, 1280).remove(0);
    for (message, kind) in [
        (
            RouterSolicit.encode(source, destination),
            Icmpv6Message::RouterSolicit,
        ),
        (advert, Icmpv6Message::RouterAdvert),
        (
            NeighborSolicit { target }.encode(source, destination),
            Icmpv6Message::NeighborSolicit,
        ),
        (
            answer.encode(source, destination),
            Icmpv6Message::NeighborAdvert,
        ),
    ] {
        let packet = Icmpv6Packet::new_checked(&message[..]).unwrap();
        assert!(packet.verify_checksum(&source, &destination));
        assert_eq!(packet.msg_type(), kind);
        let slice = Icmpv6Slice::from_slice(&message).unwrap();
        assert!(slice.is_checksum_valid(source.octets(), destination.octets()));
    }
}

#[test]
fn etherparse_reads_the_advertisement() {
    let frame = Frame::new(frames::B1);
    let messages = b1().encode(frame.source, frame.destination, 1280);
    let slice = Icmpv6Slice::from_slice(&messages[0]).unwrap();
    let Icmpv6Type::RouterAdvertisement(header) = slice.icmp_type() else {
        panic!("not an advertisement");
    };
    assert_eq!((header.cur_hop_limit, header.router_lifetime), (64, 1800));
    assert!(!header.managed_address_config && !header.other_config);
    let Icmpv6PayloadSlice::RouterAdvertisement(payload) = slice.payload_slice().unwrap() else {
        panic!("not an advertisement");
    };
    let options: Vec<_> = payload.options_iterator().map(Result::unwrap).collect();
    let [
        NdpOptionSlice::Mtu(mtu),
        NdpOptionSlice::PrefixInformation(prefix),
    ] = &options[..]
    else {
        panic!("other options");
    };
    assert_eq!(mtu.mtu(), 1280);
    let prefix = prefix.prefix_information();
    assert!(prefix.on_link && prefix.autonomous_address_configuration);
    assert_eq!(prefix.prefix, b1().prefixes[0].prefix.address().octets());
    assert_eq!(
        (prefix.prefix_length, prefix.valid_lifetime),
        (64, 2_592_000)
    );
    assert_eq!(prefix.preferred_lifetime, 604_800);
}
