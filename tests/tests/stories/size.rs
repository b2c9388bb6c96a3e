//! Packets that are too large for their way, and packets that have none.

use super::*;

use isatap_tests::site::{ROUTER_NATIVE, UPLINK};
use isatap_tests::traffic::{Amount, Way, tcp};

/// Octets of an IPv6 and an ICMPv6 header.
const HEADERS: usize = 48;

/// What a ping of so many octets in all hears, without fragmenting it itself.
pub(super) fn ping_of(from: &Inside, length: usize, to: &str) -> String {
    let size = length - HEADERS;
    let words = format!("ping -n -c 1 -W 20 -M do -s {size} {to}");
    from.output(&words).unwrap().stdout
}

/// The same of one that is to hear nothing.
pub(super) fn lost_ping_of(from: &Inside, length: usize, to: &str) -> String {
    let size = length - HEADERS;
    let words = format!("ping -n -c 1 -W 1 -M do -s {size} {to}");
    from.output(&words).unwrap().stdout
}

/// Between two machines the longest packet has 1480 octets, whatever carries it.
#[test]
fn a_packet_larger_than_the_tunnel_is_answered_with_its_mtu() {
    for xdp in [Xdp::Auto, Xdp::Forward, Xdp::Off] {
        let lab = configured(xdp);
        let host = isatap_address(HOST_A).to_string();
        let fits = ping_of(&lab.site.server, 1480, &host);
        assert!(fits.contains("1 received"), "{xdp:?}: {fits}");
        let heard = ping_of(&lab.site.server, 1481, &host);
        let answer = format!("From {ROUTER_NATIVE} icmp_seq=1 Packet too big: mtu=1480");
        assert!(heard.contains(&answer), "{xdp:?}: {heard}");
    }
}

/// And out of the tunnel into a network of smaller packets.
#[test]
fn a_packet_larger_than_the_native_network_is_answered_through_the_tunnel() {
    for xdp in [Xdp::Auto, Xdp::Forward, Xdp::Off] {
        let lab = configured(xdp);
        lab.site.router.run("ip link set eth1 mtu 1300").unwrap();
        let heard = ping_of(&lab.site.host_a, 1400, &SERVER.to_string());
        let from = isatap_address(ROUTER);
        let answer = format!("From {from} icmp_seq=1 Packet too big: mtu=1300");
        assert!(heard.contains(&answer), "{xdp:?}: {heard}");
    }
}

/// The kernel routes them into the device, where nothing can be done with them.
#[test]
fn an_address_of_the_link_that_embeds_nothing_is_answered_as_unreachable() {
    for xdp in [Xdp::Auto, Xdp::Off] {
        let lab = configured(xdp);
        let router = lab.router().unwrap();
        let before = Stats::read(router).unwrap();
        let heard = ping_of(&lab.site.server, 100, "2001:db8:0:1::7");
        let answer =
            format!("From {ROUTER_NATIVE} icmp_seq=1 Destination unreachable: Address unreachable");
        assert!(heard.contains(&answer), "{xdp:?}: {heard}");
        let since = Stats::read(router).unwrap().since(&before);
        let told = since.packets(|count| count.layer == "user" && count.reason == "no_next_hop");
        assert_eq!(told, 1, "{:?}", since.lines());
        // Its own packets are told as those of others.
        let heard = ping_of(&lab.site.router, 100, "2001:db8:0:1::7");
        assert!(heard.contains("Address unreachable"), "{xdp:?}: {heard}");
    }
}

/// RFC 4443 section 2.4 (f), and what is not sent is counted.
#[test]
fn no_more_errors_are_sent_than_the_rate_says() {
    let mut lab = configured(Xdp::Off);
    reconfigure(&mut lab, Xdp::Off, ("[datapath]", "icmp-rate = 20"));
    let router = lab.router().unwrap();
    let before = Stats::read(router).unwrap();
    let start = Instant::now();
    let flood = "ping -n -q -f -c 500 -W 1 2001:db8:0:1::7";
    lab.site.server.output(flood).unwrap();
    // One second more for the burst at its start.
    let most = 20 * (start.elapsed().as_secs() + 2);
    let since = Stats::read(router).unwrap().since(&before);
    let user =
        |reason: &str| since.packets(|count| count.layer == "user" && count.reason == reason);
    let (told, limited) = (user("no_next_hop"), user("icmp_limited"));
    // On a slow machine more are told, and of none it is left open what became of it.
    let lines = since.lines().join("\n");
    assert!((1..=most).contains(&told), "more than {most}\n{lines}");
    assert!(limited > 0 && told + limited >= 490, "{lines}");
}

/// RFC 4213 section 3.2.1: the tunnel takes 1480 octets although the uplink takes 1400, and IPv4
/// fragments in between.
#[test]
fn what_the_uplink_does_not_take_arrives_in_fragments() {
    for xdp in [Xdp::Auto, Xdp::Off] {
        let mut lab = configured(xdp);
        reconfigure(&mut lab, xdp, ("[interface]", "mtu = 1480"));
        narrow(&lab, 1400);
        let router = lab.router().unwrap();
        let before = Stats::read(router).unwrap();
        let host = isatap_address(HOST_A).to_string();
        // Small ones keep the way in the cache, which must not be taken for the large ones.
        for length in [1380, 1381].into_iter().chain([1380, 1480].repeat(10)) {
            let heard = ping_of(&lab.site.server, length, &host);
            assert!(heard.contains("1 received"), "{xdp:?} {length}: {heard}");
        }
        let since = Stats::read(router).unwrap().since(&before);
        let lines = since.lines().join("\n");
        let user =
            |reason: &str| since.packets(|count| count.layer == "user" && count.reason == reason);
        assert_eq!(user("sent"), 11, "{lines}");
        // Answers came in fragments too, of the core's making.
        assert_eq!(user("delivered"), 11, "{lines}");
        let (from, to) = (&lab.site.host_a, &lab.site.server);
        let log = lab.file("iperf3.log");
        for way in [Way::Download, Way::Upload] {
            tcp(
                from,
                to,
                &SERVER.to_string(),
                way,
                Amount::Octets(300_000),
                &log,
            )
            .unwrap();
        }
        let failed = Stats::read(router).unwrap().of_reason("failed");
        assert_eq!(failed, 0, "{xdp:?}");
    }
}

/// Has the router and the core send each other smaller IPv4 packets.
fn narrow(lab: &Lab, mtu: u32) {
    for (node, nic) in [(&lab.site.core, "to-router"), (&lab.site.router, UPLINK)] {
        node.run(&format!("ip link set {nic} mtu {mtu}")).unwrap();
    }
}

/// Gives the router another line in a table of its configuration.
pub(super) fn reconfigure(lab: &mut Lab, xdp: Xdp, (table, line): (&str, &str)) {
    let config = isatap_tests::config::router(lab.names.router_device(), xdp);
    let config = config.replace(&format!("{table}\n"), &format!("{table}\n{line}\n"));
    let router = lab.router_mut().unwrap();
    router.configure(&config).unwrap();
    router.reload().unwrap();
}
