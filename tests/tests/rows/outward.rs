//! IPv6 in, protocol 41 out.

use std::time::Instant;

use isatap_common::{
    abi::{Direction, Role, Switches},
    path::{self, Reason, rewrite},
    wire::ipv4::Ends,
};

use super::{
    machine::{Machine, Outcome, in_namespace, soon},
    packets::{GATEWAY_MAC, Inner, UPLINK_MAC, icmp, udp, v6},
    site::tables,
};

const SERVER: &str = "2001:db8:f::1";
const HOST: &str = "2001:db8:0:1:0:5efe:a01:7";

/// A packet from the server, what XDP counts, and what the pure path says of it alone.
pub type Row = (&'static str, Inner, Option<Reason>, Result<[u8; 4], Reason>);

#[expect(clippy::too_many_lines, reason = "a table")]
pub fn rows() -> Vec<Row> {
    use Reason as R;
    let to = |destination: &str| udp(SERVER, destination);
    let host = Ok([10, 1, 0, 7]);
    let large = |length: usize| to(HOST).payload(vec![0; length - 40]);
    vec![
        ("server to host", to(HOST), Some(R::Resolved), host),
        (
            "server to host with the u bit",
            to("2001:db8:0:1:200:5efe:a01:7"),
            Some(R::Resolved),
            host,
        ),
        (
            "as large as the tunnel takes",
            large(1480),
            Some(R::Resolved),
            host,
        ),
        ("one octet larger", large(1481), Some(R::TooBig), host),
        (
            "congestion marked",
            to(HOST).traffic_class(0xbb),
            Some(R::Resolved),
            host,
        ),
        (
            "hop limit used up",
            to(HOST).hop_limit(1),
            Some(R::HopLimit),
            host,
        ),
        (
            "for our own address",
            to("2001:db8:0:1:0:5efe:a09:2"),
            None,
            Err(R::NextHopOwn),
        ),
        (
            "twin of our own address",
            to("2001:db8:0:1:200:5efe:a09:2"),
            None,
            Err(R::NextHopOwn),
        ),
        (
            "no ISATAP address",
            to("2001:db8:0:1::7"),
            None,
            Err(R::NoNextHop),
        ),
        (
            "another prefix",
            to("2001:db8:0:2:0:5efe:a01:7"),
            None,
            Err(R::NoNextHop),
        ),
        ("behind a host", to("2001:db8:77::1"), None, host),
        (
            "embeds loopback",
            to("2001:db8:0:1:0:5efe:7f00:1"),
            Some(R::NextHopMartian),
            Err(R::NextHopMartian),
        ),
        (
            "embeds multicast",
            to("2001:db8:0:1:0:5efe:e000:1"),
            Some(R::NextHopMartian),
            Err(R::NextHopMartian),
        ),
        (
            "embeds a subnet broadcast",
            to("2001:db8:0:1:0:5efe:a09:ff"),
            Some(R::NextHopMartian),
            Err(R::NextHopMartian),
        ),
        (
            "embeds an address outside the site",
            to("2001:db8:0:1:0:5efe:c0a8:1"),
            Some(R::NextHopUnknown),
            Err(R::NextHopUnknown),
        ),
        (
            "to a router of the list",
            to("2001:db8:0:1:0:5efe:a09:3"),
            Some(R::RouterLoop),
            Err(R::RouterLoop),
        ),
        (
            "off-link source embeds us",
            udp("2001:db8:66:0:0:5efe:a09:2", HOST),
            Some(R::EmbedsOwn),
            Err(R::EmbedsOwn),
        ),
        (
            "6to4 source embeds us",
            udp("2002:a09:2::1", HOST),
            Some(R::EmbedsOwn),
            Err(R::EmbedsOwn),
        ),
        (
            "6to4 source embeds another",
            udp("2002:a01:9::1", HOST),
            Some(R::Resolved),
            host,
        ),
        (
            "link-local source",
            udp("fe80::1", HOST),
            Some(R::LinkScope),
            host,
        ),
        (
            "multicast",
            icmp(SERVER, "ff02::1", 135, &[0; 16]),
            None,
            Err(R::Multicast),
        ),
    ]
}

/// Everything that depends on the outer header but its identification and checksum.
pub fn without_identification(outer: &[u8]) -> Vec<u8> {
    let mut outer = outer.to_vec();
    outer[4..6].fill(0);
    outer[10..12].fill(0);
    outer
}

#[test]
fn a_router_decides_on_every_row_as_the_pure_path_does() {
    decides_on_every_row("out", false);
}

/// RFC 4213 section 3.2.2.
#[test]
fn with_a_dynamic_mtu_every_packet_says_not_to_fragment() {
    decides_on_every_row("dynamic", true);
}

fn decides_on_every_row(machine: &str, dynamic: bool) {
    in_namespace(|| {
        let flags = Switches::DECAP_L3.with(mode(dynamic));
        let mut machine = Machine::new(machine, Role::Router, flags);
        let model = tables(Role::Router, flags, machine.indexes);
        for (name, inner, xdp, pure) in rows() {
            let found = path::encapsulate(&*inner.bytes(), 0, &model);
            let remote = found.map(|(_, tunnel)| tunnel.remote);
            assert_eq!(remote, pure, "{name}: pure path");

            let outer = found.ok().map(|(packet, tunnel)| {
                let source = tunnel.local(machine.indexes.uplink, &model);
                let ends = Ends {
                    source,
                    destination: tunnel.remote,
                };
                let push = rewrite::push(&packet, ends, 0, dynamic, &model);
                push.unwrap().outer.octets()
            });
            let says = outer.map(|outer| outer[6]);
            let flag = if dynamic { 0x40 } else { 0 };
            assert!(says.is_none_or(|octet| octet == flag), "{name}");
            let native = machine.indexes.native;
            for program in [Machine::xdp, Machine::forward] {
                machine.cool(flags);
                check(&(name, inner.clone(), xdp, pure), outer, |frame| {
                    program(&mut machine, Direction::Out, native, frame)
                });
            }
        }
    });
}

fn mode(dynamic: bool) -> Switches {
    if dynamic {
        Switches::DYNAMIC_MTU
    } else {
        Switches::default()
    }
}

/// What is known of the path to one host says what goes there, and whether routers may fragment it.
#[test]
fn a_path_mtu_bounds_what_is_sent() {
    in_namespace(|| {
        let flags = Switches::DECAP_L3.with(Switches::DYNAMIC_MTU);
        let mut machine = Machine::new("path", Role::Router, flags);
        let native = machine.indexes.native;
        for (path, largest, whole, is_kept) in [
            (1400, 1380, true, true),
            (1300, 1280, true, true),
            (1299, 1280, false, false),
            (68, 1280, false, false),
        ] {
            machine.set_path_mtu([10, 1, 0, 7], path);
            for program in [Machine::xdp, Machine::forward] {
                machine.cool(flags);
                let mut sent = |length: usize| {
                    let packet = udp(SERVER, HOST).payload(vec![0; length - 40]);
                    program(
                        &mut machine,
                        Direction::Out,
                        native,
                        &packet.sent_by_server(),
                    )
                };
                let again = if is_kept {
                    Reason::Cached
                } else {
                    Reason::Resolved
                };
                let start = Instant::now();
                let first = sent(largest);
                let second = soon(start, || sent(largest));
                for (outcome, reason) in [(first, Reason::Resolved), (second, again)] {
                    assert_eq!(outcome.reason, Some(reason), "{path}");
                    assert_eq!(outcome.packet[20] & 0x40 != 0, whole, "{path}");
                }
                assert_eq!(sent(largest + 1).reason, Some(Reason::TooBig), "{path}");
            }
        }
    });
}

/// Twice through a program from NIC to NIC: with nothing in the cache, and with what that left there.
fn check(row: &Row, outer: Option<[u8; 20]>, mut program: impl FnMut(&[u8]) -> Outcome) {
    let (name, inner, reason, _) = row;
    let frame = inner.sent_by_server();
    let start = Instant::now();
    let first = program(&frame);
    assert_eq!(first.reason, *reason, "{name}: {}", first.action);
    if *reason != Some(Reason::Resolved) {
        assert_eq!(
            first.packet, frame,
            "{name}: a program must not touch what it does not send"
        );
        return;
    }
    check_forwarded(name, inner, &outer.unwrap(), &first.packet);
    let again = soon(start, || program(&frame));
    let is_native = inner.header.source == v6(SERVER).octets();
    let reason = if is_native {
        Reason::Cached
    } else {
        Reason::Resolved
    };
    assert_eq!(again.reason, Some(reason), "{name}: second packet");
    check_forwarded(name, inner, &outer.unwrap(), &again.packet);
}

fn check_forwarded(name: &str, inner: &Inner, outer: &[u8], frame: &[u8]) {
    assert_eq!(frame[..6], GATEWAY_MAC, "{name}: destination MAC");
    assert_eq!(frame[6..12], UPLINK_MAC, "{name}: source MAC");
    assert_eq!(frame[12..14], [0x08, 0x00], "{name}: EtherType");
    assert_eq!(
        without_identification(&frame[14..34]),
        without_identification(outer),
        "{name}: outer header"
    );
    check_checksum(name, frame);
    let mut expected = inner.bytes();
    expected[7] -= 1;
    assert_eq!(frame[34..], expected, "{name}: inner packet");
}

pub fn check_checksum(name: &str, frame: &[u8]) {
    let (header, _) = etherparse::Ipv4Header::from_slice(&frame[14..]).unwrap();
    assert_eq!(
        header.header_checksum,
        header.calc_header_checksum(),
        "{name}: checksum"
    );
}
