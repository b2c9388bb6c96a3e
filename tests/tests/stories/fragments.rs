//! IPv4 fragments of protocol 41: the kernel puts them together, and what comes out is judged as any
//! other packet. The cases of RFC 1858 and RFC 5722, and options in front.

use super::*;

/// An echo request of host b to the server, inside and out.
fn request(data: usize) -> Vec<u8> {
    let request = Inner::new(isatap_address(HOST_B), SERVER).echo_request(7, 1, &vec![5; data]);
    request.packet().unwrap()
}

fn outer(identification: u16) -> Outer {
    Outer::new(HOST_B, ROUTER).identification(identification)
}

/// A part of the packet as a fragment that starts at the offset, in octets.
fn part(outer: &Outer, packet: &[u8], range: std::ops::Range<usize>) -> Vec<u8> {
    let more = range.end < packet.len();
    let offset = u16::try_from(range.start / 8).unwrap();
    let fragment = outer.clone().fragment(offset, more);
    fragment.packet(packet.get(range).unwrap()).unwrap()
}

/// How long something is not to happen.
const QUIET: Duration = Duration::from_millis(700);

/// What the router's daemon counted of the packets that host b sent.
fn judged(lab: &Lab, packets: &[Vec<u8>], reason: &str, limit: Duration) -> u64 {
    let router = lab.router().unwrap();
    let before = Stats::read(router).unwrap();
    for packet in packets {
        forge::send(&lab.site.host_b, ROUTER, packet).unwrap();
    }
    let mut found = 0;
    let _ = within(limit, || {
        let since = Stats::read(router).ok()?.since(&before);
        found = since.packets(|count| count.layer == "user" && count.reason == reason);
        (found > 0).then_some(())
    });
    found
}

/// Whatever the sender cut, and in whatever order it comes.
#[test]
fn fragments_arrive_however_they_were_cut() {
    for xdp in [Xdp::Auto, Xdp::Off] {
        let lab = configured(xdp);
        let packet = request(201);
        let all = packet.len();
        let cut = |id: u16, most: usize| outer(id).fragments(&packet, most).unwrap();
        let mut backwards = cut(1, 64);
        backwards.reverse();
        let mut twice = cut(2, 128);
        twice.insert(1, twice[0].clone());
        let options = outer(6).options(&[1, 1, 1, 0]).unwrap();
        let cases = [
            ("backwards", backwards),
            ("one of them twice", twice),
            (
                "the first of 8 octets",
                vec![
                    part(&outer(3), &packet, 0..8),
                    part(&outer(3), &packet, 8..all),
                ],
            ),
            (
                "the last of 1 octet",
                vec![
                    part(&outer(4), &packet, 0..all / 8 * 8),
                    part(&outer(4), &packet, all / 8 * 8..all),
                ],
            ),
            ("all of 8 octets", cut(5, 8)),
            ("with options", options.fragments(&packet, 128).unwrap()),
        ];
        for (name, fragments) in cases {
            assert_eq!(
                judged(&lab, &fragments, "delivered", PATIENCE),
                1,
                "{xdp:?} {name}"
            );
        }
        let large = request(1432);
        let fragments = outer(7).fragments(&large, 1400).unwrap();
        assert_eq!(
            judged(&lab, &fragments, "delivered", PATIENCE),
            1,
            "{xdp:?} of 1480 octets"
        );
    }
}

/// What is put together is refused for the same reasons as what came whole.
#[test]
fn fragments_are_judged_as_what_they_make() {
    for xdp in [Xdp::Auto, Xdp::Off] {
        let lab = configured(xdp);
        let packet = request(200);
        let forged = Inner::new(isatap_address(HOST_A), SERVER).echo_request(7, 1, &[5; 200]);
        let forged = forged.packet().unwrap();
        let short = &packet[..packet.len() - 16];
        for (name, fragments, reason) in [
            (
                "another host's source",
                outer(1).fragments(&forged, 128).unwrap(),
                "src_mismatch",
            ),
            (
                "shorter than it says",
                outer(2).fragments(short, 128).unwrap(),
                "malformed",
            ),
        ] {
            assert_eq!(
                judged(&lab, &fragments, reason, PATIENCE),
                1,
                "{xdp:?} {name}"
            );
        }
    }
}

/// RFC 5722: neither one nor the other is the packet.
#[test]
fn overlapping_and_missing_fragments_make_no_packet() {
    for xdp in [Xdp::Auto, Xdp::Off] {
        let lab = configured(xdp);
        let packet = request(200);
        let all = packet.len();
        let other = request(300);
        let cases = [
            (
                "overlapping",
                vec![
                    part(&outer(1), &packet, 0..128),
                    part(&outer(1), &other, 64..200),
                    part(&outer(1), &packet, 128..all),
                ],
            ),
            (
                "the first is missing",
                vec![part(&outer(2), &packet, 64..all)],
            ),
            (
                "one in between is missing",
                vec![
                    part(&outer(3), &packet, 0..64),
                    part(&outer(3), &packet, 128..all),
                ],
            ),
            (
                "of two packets",
                vec![
                    part(&outer(4), &packet, 0..128),
                    part(&outer(5), &packet, 128..all),
                ],
            ),
        ];
        for (name, fragments) in cases {
            assert_eq!(
                judged(&lab, &fragments, "delivered", QUIET),
                0,
                "{xdp:?} {name}"
            );
        }
        assert!(reaches(&lab.site.host_b, &SERVER.to_string()));
    }
}

/// RFC 6980: a solicitation in IPv6 fragments is not answered, whoever put it together.
#[test]
fn neighbor_discovery_in_fragments_of_ipv6_is_not_answered() {
    let lab = configured(Xdp::Auto);
    let (source, destination) = (
        "fe80::5efe:a02:2".parse().unwrap(),
        "fe80::5efe:a09:2".parse().unwrap(),
    );
    // An unknown option, so that there is enough to cut.
    let body = [&[0; 4][..], &[253, 2], &[0; 14]].concat();
    let whole = Inner::new(source, destination)
        .icmp(133, 0, &body)
        .packet()
        .unwrap();
    let message = &whole[40..];
    let fragment = |offset: usize, end: usize| {
        let flags = u16::try_from(offset).unwrap() | u16::from(end < message.len());
        let [high, low] = flags.to_be_bytes();
        let header = [58, 0, high, low, 0, 0, 0, 9];
        let octets = [&header[..], &message[offset..end]].concat();
        let inner = Inner::new(source, destination)
            .hop_limit(255)
            .raw(44, &octets);
        Outer::new(HOST_B, ROUTER)
            .packet(&inner.packet().unwrap())
            .unwrap()
    };
    let router = lab.router().unwrap();
    let refused = |packets: &[Vec<u8>], limit| {
        let before = Stats::read(router).unwrap();
        for packet in packets {
            forge::send(&lab.site.host_b, ROUTER, packet).unwrap();
        }
        let mut count = 0;
        let _ = within(limit, || {
            count = Stats::read(router)
                .ok()?
                .since(&before)
                .of_reason("nd_invalid");
            (count > 0).then_some(())
        });
        count
    };
    let plain = Outer::new(HOST_B, ROUTER).packet(&whole).unwrap();
    assert_eq!(refused(&[plain], QUIET), 0, "the same in one piece is good");
    let fragments = [fragment(0, 16), fragment(16, message.len())];
    assert_eq!(refused(&fragments, PATIENCE), 1);
}
