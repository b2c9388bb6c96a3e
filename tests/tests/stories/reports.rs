//! ICMPv4 errors: what an IPv4 router really sends, and what others send in its place.

use super::*;

use isatap_tests::packet::fragmentation_needed;
use isatap_tests::site::{ROUTER_NATIVE, UPLINK};

use super::size::{lost_ping_of, ping_of, reconfigure};

/// Counted by the router's daemon since an earlier moment.
fn reported(lab: &Lab, before: &Stats, reason: &str) -> u64 {
    let since = Stats::read(lab.router().unwrap()).unwrap().since(before);
    since.packets(|count| count.layer == "user" && count.reason == reason)
}

/// Waits until that is one; the sender may hear of it before it is counted.
fn once_reported(lab: &Lab, before: &Stats, reason: &str) {
    within(PATIENCE, || {
        (reported(lab, before, reason) > 0).then_some(())
    });
    assert_eq!(reported(lab, before, reason), 1, "{reason}");
}

fn stats(lab: &Lab) -> Stats {
    Stats::read(lab.router().unwrap()).unwrap()
}

/// What `map get PEERS` says of a host.
fn peer(lab: &Lab, host: Ipv4Addr, field: &str) -> serde_json::Value {
    let router = lab.router().unwrap();
    let found = router
        .json(&["map", "get", "PEERS", &host.to_string()])
        .unwrap();
    let entry = found.pointer("/entries/0").unwrap();
    entry.get(field).unwrap().clone()
}

/// Has the core and a host send each other smaller IPv4 packets.
fn narrow(lab: &Lab, (host, nic): (&Inside, &str), mtu: u32) {
    for (node, nic) in [(&*lab.site.core, nic), (host, UPLINK)] {
        node.run(&format!("ip link set {nic} mtu {mtu}")).unwrap();
    }
}

/// RFC 4213 section 3.2.2: Don't Fragment, and the sender hears what the path takes.
#[test]
fn the_path_mtu_is_learned_from_the_router_in_between_and_told() {
    for xdp in [Xdp::Auto, Xdp::Forward, Xdp::Off] {
        let mut lab = configured(xdp);
        reconfigure(&mut lab, xdp, ("[interface]", "path-mtu = \"dynamic\""));
        narrow(&lab, (&lab.site.host_a, "to-a"), 1400);
        let before = stats(&lab);
        let host = isatap_address(HOST_A).to_string();
        let lost = lost_ping_of(&lab.site.server, 1480, &host);
        assert!(lost.contains("0 received"), "{xdp:?}: {lost}");
        once_reported(&lab, &before, "icmp_path_mtu");
        let heard = ping_of(&lab.site.server, 1480, &host);
        let answer = format!("From {ROUTER_NATIVE} icmp_seq=1 Packet too big: mtu=1380");
        assert!(heard.contains(&answer), "{xdp:?}: {heard}");
        let fits = ping_of(&lab.site.server, 1380, &host);
        assert!(fits.contains("1 received"), "{xdp:?}: {fits}");
        assert_eq!(peer(&lab, HOST_A, "path_mtu"), 1400);
        let left = peer(&lab, HOST_A, "path_mtu_seconds").as_u64().unwrap();
        assert!((500..=600).contains(&left), "{left}");
        // Nobody else's path.
        let other = ping_of(&lab.site.server, 1480, &isatap_address(HOST_B).to_string());
        assert!(other.contains("1 received"), "{xdp:?}: {other}");
        // The host goes by its own.
        let own = ping_of(&lab.site.router, 1480, &host);
        assert!(
            own.contains("mtu=1380") || own.contains("mtu: 1380"),
            "{xdp:?}: {own}"
        );
    }
}

/// Every IPv6 packet of 1280 octets arrives, whatever the path takes.
#[test]
fn below_the_least_mtu_routers_fragment() {
    for xdp in [Xdp::Auto, Xdp::Off] {
        let mut lab = configured(xdp);
        reconfigure(&mut lab, xdp, ("[interface]", "path-mtu = \"dynamic\""));
        narrow(&lab, (&lab.site.host_b, "to-b"), 1290);
        let host = isatap_address(HOST_B).to_string();
        let lost = lost_ping_of(&lab.site.server, 1480, &host);
        assert!(lost.contains("0 received"), "{xdp:?}: {lost}");
        let heard = ping_of(&lab.site.server, 1480, &host);
        assert!(
            heard.contains("Packet too big: mtu=1280"),
            "{xdp:?}: {heard}"
        );
        for length in [1280, 1279, 1271, 1270] {
            let fits = ping_of(&lab.site.server, length, &host);
            assert!(fits.contains("1 received"), "{xdp:?} {length}: {fits}");
        }
    }
}

/// RFC 4213 section 3.4, with every kind of error that a router in between may send.
#[test]
fn errors_are_passed_on_to_the_source() {
    for xdp in [Xdp::Auto, Xdp::Off] {
        let mut lab = configured(xdp);
        let host = isatap_address(HOST_A).to_string();
        let answer =
            format!("From {ROUTER_NATIVE} icmp_seq=1 Destination unreachable: Address unreachable");
        for (kind, prepare) in [
            ("host", "ip route add unreachable 10.1.0.2"),
            ("administrator", "ip route replace prohibit 10.1.0.2"),
        ] {
            lab.site.core.run(prepare).unwrap();
            let before = stats(&lab);
            let heard = ping_of(&lab.site.server, 1000, &host);
            assert!(heard.contains(&answer), "{xdp:?} {kind}: {heard}");
            once_reported(&lab, &before, "icmp_relayed");
            assert_eq!(peer(&lab, HOST_A, "reachability"), "unreachable");
        }
        lab.site.core.run("ip route del prohibit 10.1.0.2").unwrap();
        reconfigure(&mut lab, xdp, ("[interface]", "ttl = 1"));
        let heard = ping_of(&lab.site.server, 1000, &host);
        assert!(heard.contains(&answer), "{xdp:?} time to live: {heard}");
    }
}

/// A host hears of its own packets what a router hears of others'.
#[test]
fn a_host_hears_of_its_own_packets() {
    let lab = configured(Xdp::Off);
    for nobody in [Ipv4Addr::new(10, 77, 0, 1), Ipv4Addr::new(10, 1, 0, 99)] {
        let to = isatap_address(nobody);
        let words = format!("ping -n -c 1 -W 6 {to}");
        let heard = lab.site.host_a.output(&words).unwrap().stdout;
        let from = isatap_address(HOST_A);
        let answer = format!("From {from} icmp_seq=1 Destination unreachable: Address unreachable");
        assert!(heard.contains(&answer), "{nobody}: {heard}");
    }
}

/// What a router quotes of an echo request of so many octets that the server sent to host a.
fn quote(length: usize, outer: &Outer) -> Vec<u8> {
    let data = vec![5; length - 48];
    let request = Inner::new(SERVER, isatap_address(HOST_A)).echo_request(7, 1, &data);
    let mut packet = outer.packet(&request.packet().unwrap()).unwrap();
    packet.truncate(548);
    packet
}

/// Off the path, from wherever the forger is: the message has to quote what was sent, and what was
/// sent has to be large enough and must not be fragmented.
#[test]
fn forged_reports_change_nothing() {
    for mode in ["static", "dynamic"] {
        let mut lab = configured(Xdp::Auto);
        let line = format!("path-mtu = \"{mode}\"");
        reconfigure(&mut lab, Xdp::Auto, ("[interface]", &line));
        let host = isatap_address(HOST_A).to_string();
        assert!(reaches(&lab.site.server, &host));
        let whole = Outer::new(ROUTER, HOST_A).dont_fragment();
        let forge = |quoted: &[u8], mtu: u16| {
            let message = fragmentation_needed(mtu, quoted);
            let from = Outer::new(HOST_B, ROUTER).protocol(1);
            let packet = from.packet(&message).unwrap();
            forge::send(&lab.site.host_b, ROUTER, &packet).unwrap();
        };
        let stranger = Outer::new(ROUTER, Ipv4Addr::new(10, 5, 5, 5)).dont_fragment();
        let fragmented = Outer::new(ROUTER, HOST_A);
        for (quoted, mtu, reason) in [
            (
                quote(1480, &Outer::new(HOST_B, HOST_A).dont_fragment()),
                1300,
                "icmp_foreign",
            ),
            (quote(1480, &stranger), 1300, "icmp_foreign"),
            (quote(1480, &fragmented), 1300, "icmp_foreign"),
            (quote(1280, &whole), 1400, "icmp_foreign"),
            (quote(1480, &whole)[..28].to_vec(), 1300, "icmp_short"),
        ] {
            let before = stats(&lab);
            forge(&quoted, mtu);
            let counted = within(PATIENCE, || {
                (reported(&lab, &before, reason) == 1).then_some(())
            });
            assert!(counted.is_some(), "{mode} {reason} {mtu}");
        }
        assert_eq!(peer(&lab, HOST_A, "path_mtu"), serde_json::Value::Null);
        let large = ping_of(&lab.site.server, 1480, &host);
        assert!(large.contains("1 received"), "{mode}: {large}");
        if mode == "dynamic" {
            // Whoever can quote a packet is on the path, or as good as that; even that lowers nothing
            // below what every IPv6 packet needs, and never raises it again.
            let before = stats(&lab);
            forge(&quote(1480, &whole), 100);
            forge(&quote(1480, &whole), 1400);
            let counted = within(PATIENCE, || {
                (reported(&lab, &before, "icmp_no_news") == 1).then_some(())
            });
            assert!(counted.is_some(), "raised");
            let least = ping_of(&lab.site.server, 1280, &host);
            assert!(least.contains("1 received"), "{least}");
        }
    }
}

/// A thing that was never sent to is not on anybody's path.
#[test]
fn a_report_about_a_peer_that_nothing_was_sent_to_is_not_believed() {
    let lab = configured(Xdp::Auto);
    let nobody = Ipv4Addr::new(10, 66, 0, 1);
    let request = Inner::new(SERVER, isatap_address(nobody)).echo_request(7, 1, &[5; 100]);
    let quoted = Outer::new(ROUTER, nobody)
        .packet(&request.packet().unwrap())
        .unwrap();
    let unreachable = {
        use etherparse::{Icmpv4Header, Icmpv4Type, icmpv4::DestUnreachableHeader};
        let kind = Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::Host);
        [
            &Icmpv4Header::with_checksum(kind, &quoted).to_bytes(),
            &quoted[..],
        ]
        .concat()
    };
    let from = Outer::new(HOST_B, ROUTER).protocol(1);
    let before = stats(&lab);
    forge::send(
        &lab.site.host_b,
        ROUTER,
        &from.packet(&unreachable).unwrap(),
    )
    .unwrap();
    let counted = within(PATIENCE, || {
        (reported(&lab, &before, "icmp_unsent") == 1).then_some(())
    });
    assert!(counted.is_some());
    assert_eq!(reported(&lab, &before, "icmp_relayed"), 0);
}
