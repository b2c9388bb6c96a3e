//! ICMPv4 errors: what is believed of them.

use etherparse::{
    Icmpv4Type,
    icmpv4::{DestUnreachableHeader, TimeExceededCode},
};
use proptest::prelude::*;

use super::quoted::{PEER, Quoted, Router, SOMEBODY, datagram, extended, needs};
use crate::{
    icmp::{Ipv4Report, News},
    path::Reason,
};

fn judge(bytes: &[u8]) -> Result<(), Reason> {
    Ipv4Report::read(bytes)?.is_about_ours(&Router::new())
}

#[test]
fn what_we_sent_is_believed() {
    let quoted = Quoted::default().bytes();
    let bytes = datagram(needs(1400), &quoted);
    let report = Ipv4Report::read(&bytes).unwrap();
    assert_eq!(report.news, News::FragmentationNeeded(1400));
    assert_eq!(report.outer.destination, PEER);
    assert_eq!(report.inner, &quoted[20..]);
    assert_eq!(report.is_about_ours(&Router::new()), Ok(()));
    let expired = Icmpv4Type::TimeExceeded(TimeExceededCode::TtlExceededInTransit);
    let bytes = datagram(expired, &quoted);
    assert_eq!(Ipv4Report::read(&bytes).unwrap().news, News::Unreachable);
    assert_eq!(judge(&bytes), Ok(()));
}

/// Each differs from a packet that is believed in one thing.
#[test]
fn what_we_would_not_have_sent_is_not_believed() {
    let base = Quoted::default;
    let other = [10, 1, 0, 3];
    let mut embeds_us = base().inner_source;
    embeds_us[8..].copy_from_slice(&[0, 0, 0x5e, 0xfe, 10, 9, 0, 2]);
    let rows = [
        (
            "from another",
            Quoted {
                source: SOMEBODY,
                ..base()
            },
        ),
        (
            "to another peer",
            Quoted {
                destination: other,
                ..base()
            },
        ),
        (
            "multicast source",
            Quoted {
                inner_source: [0xff; 16],
                ..base()
            },
        ),
        (
            "no source",
            Quoted {
                inner_source: [0; 16],
                ..base()
            },
        ),
        (
            "source embeds us off the link",
            Quoted {
                inner_source: embeds_us,
                ..base()
            },
        ),
        (
            "native destination",
            Quoted {
                inner_destination: base().inner_source,
                ..base()
            },
        ),
        (
            "one octet more",
            Quoted {
                said: Some(1501),
                ..base()
            },
        ),
        (
            "one octet less",
            Quoted {
                said: Some(1499),
                ..base()
            },
        ),
        (
            "might be fragmented",
            Quoted {
                dont_fragment: false,
                ..base()
            },
        ),
        (
            "fits",
            Quoted {
                payload: 1300,
                ..base()
            },
        ),
    ];
    for (name, quoted) in rows {
        let found = judge(&datagram(needs(1400), &quoted.bytes()));
        assert_eq!(found, Err(Reason::IcmpForeign), "{name}");
    }
    let fragment = Quoted {
        more_fragments: true,
        dont_fragment: false,
        said: Some(1396),
        ..base()
    };
    let host = Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::Host);
    assert_eq!(judge(&datagram(host.clone(), &fragment.bytes())), Ok(()));
    let later = Quoted {
        offset: 172,
        ..fragment
    };
    assert_eq!(
        judge(&datagram(host, &later.bytes())),
        Err(Reason::IcmpShort)
    );
}

#[test]
fn a_message_is_verified_before_it_is_read() {
    let good = datagram(needs(1400), &Quoted::default().bytes());
    for at in 20..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        assert_eq!(
            Ipv4Report::read(&bytes),
            Err(Reason::IcmpInvalid),
            "octet {at}"
        );
    }
    assert_eq!(Ipv4Report::read(&good[..500]), Err(Reason::IcmpInvalid));
    let tcp = Quoted {
        protocol: 6,
        ..Quoted::default()
    };
    let tcp = datagram(needs(1400), &tcp.bytes());
    assert_eq!(Ipv4Report::read(&tcp), Err(Reason::NotOurs));
    let echo = Icmpv4Type::EchoReply(etherparse::IcmpEchoHeader { id: 1, seq: 1 });
    let echo = datagram(echo, &Quoted::default().bytes());
    assert_eq!(Ipv4Report::read(&echo), Err(Reason::NotOurs));
}

/// RFC 4213 section 3.4: what old routers quote is not enough.
#[test]
fn a_short_quote_is_told_from_one_that_holds_the_inner_header() {
    for (octets, found) in [
        (0, Err(Reason::IcmpShort)),
        (28, Err(Reason::IcmpShort)),
        (59, Err(Reason::IcmpShort)),
        (60, Ok(())),
    ] {
        let quoted = Quoted {
            octets,
            ..Quoted::default()
        };
        assert_eq!(
            judge(&datagram(needs(1400), &quoted.bytes())),
            found,
            "{octets}"
        );
    }
}

/// An extension structure (RFC 4884) with one object of eight octets.
fn extension() -> Vec<u8> {
    let mut octets = vec![0x20, 0, 0, 0, 0, 12, 1, 1, 9, 9, 9, 9, 9, 9, 9, 9];
    let sum: u32 = octets
        .chunks(2)
        .map(|w| u32::from(w[0]) << 8 | u32::from(w[1]))
        .sum();
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    octets[2..4].copy_from_slice(&sum.to_be_bytes());
    octets
}

#[test]
fn extensions_are_not_taken_for_the_packet() {
    let quoted = Quoted {
        octets: 128,
        ..Quoted::default()
    }
    .bytes();
    let body = [&quoted[..], &extension()].concat();
    let cut = |bytes: &[u8]| Ipv4Report::read(bytes).map(|report| report.inner.len());
    assert_eq!(cut(&extended(32, &body)), Ok(108), "where it says");
    let host = Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::Host);
    assert_eq!(
        cut(&datagram(host.clone(), &body)),
        Ok(108),
        "where it does not say"
    );
    let mut damaged = body.clone();
    damaged[132] ^= 1;
    assert_eq!(
        cut(&datagram(host.clone(), &damaged)),
        Ok(124),
        "none at all"
    );
    assert_eq!(
        cut(&extended(37, &body)),
        Err(Reason::IcmpInvalid),
        "beyond its end"
    );
    // A short packet is padded to where extensions may start.
    let mut padded = Quoted {
        payload: 8,
        octets: 68,
        ..Quoted::default()
    }
    .bytes();
    padded.resize(128, 0);
    let body = [&padded[..], &extension()].concat();
    assert_eq!(cut(&extended(32, &body)), Ok(48), "without the padding");
}

#[test]
fn a_path_mtu_is_only_ever_lowered() {
    let report = |mtu: u16, payload: usize| {
        let quoted = Quoted {
            payload,
            ..Quoted::default()
        };
        datagram(needs(mtu), &quoted.bytes())
    };
    for (said, payload, known, found) in [
        (1400, 1440, None, Some(1400)),
        (1400, 1440, Some(1401), Some(1400)),
        (1400, 1440, Some(1400), None),
        (1400, 1440, Some(1300), None),
        (20, 1440, None, Some(68)),
        // RFC 1191 section 5: an old router, and the next plateau.
        (0, 1440, None, Some(1492)),
        (0, 1432, None, Some(1006)),
        (0, 9000, None, Some(8166)),
    ] {
        let bytes = report(said, payload);
        let news = Ipv4Report::read(&bytes).unwrap().path_mtu(known);
        assert_eq!(news, found, "{said} of {payload}, {known:?}");
    }
    let host = Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::Host);
    let bytes = datagram(host, &Quoted::default().bytes());
    assert_eq!(Ipv4Report::read(&bytes).unwrap().path_mtu(None), None);
}

proptest! {
    #[test]
    fn no_datagram_brings_it_down(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Ipv4Report::read(&octets);
        let kind = Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::Host);
        if let Ok(report) = Ipv4Report::read(&datagram(kind, &octets)) {
            let _ = report.is_about_ours(&Router::new());
            prop_assert!(report.inner.len() >= 40);
        }
    }
}

/// Whoever forges one has to guess a packet of ours: all of both headers but what changes on the way
/// (traffic class, identification, time to live, checksum) and what says nothing about us (traffic
/// class, flow label, next header and hop limit of the packet, and which node exactly sent it).
#[test]
fn changed_quotes_are_not_believed() {
    let free = |at: usize| matches!(at, 1 | 4 | 5 | 8 | 10 | 11 | 21..=23 | 26..=43);
    let mut believed = Vec::new();
    for (at, bit) in (0..60).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut quoted = Quoted::default().bytes();
        quoted[at] ^= 1 << bit;
        if judge(&datagram(needs(1400), &quoted)).is_ok() && !free(at) {
            believed.push((at, bit));
        }
    }
    // Half of the traffic class, and the u bit of the destination.
    assert_eq!(believed, [(20, 0), (20, 1), (20, 2), (20, 3), (52, 1)]);
}
