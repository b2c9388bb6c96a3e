//! A packet for another tunnel in the same IPv4 network would come back, and go round until its hop
//! limit ends it (RFC 6324 section 2).

use std::net::Ipv6Addr;

use isatap_tests::{
    daemon::Daemon,
    ns::{Inside, Namespace},
    process::Process,
    site::{PREFIX, UPLINK},
};
use nix::sys::signal::Signal;

use super::*;

/// The router of the other tunnels: its addresses, the link between it and the server.
const RELAY: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 2);
const RELAY_NATIVE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 0xfe);
const SERVER_RELAY: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 1);
/// Prefixes of its tunnels: ISATAP, 6rd for 10.0.0.0/8.
const OTHER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 0);
const SIX_RD: &str =
    "[[datapath.six-rd]]\nprefix = \"2001:db9::/32\"\nipv4-prefix = \"10.0.0.0/8\"\n";
/// What 6to4 and 6rd make of our address.
const OUR_SIX_TO_FOUR: Ipv6Addr = Ipv6Addr::new(0x2002, 0x0a09, 2, 0, 0, 0, 0, 1);
const OUR_SIX_RD: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb9, 0x900, 0x200, 0, 0, 0, 1);
/// The port that marks what is counted.
const PORT: u16 = 7777;

/// Our site, and another tunnel's router in it, both on the IPv6 network, in which the server forwards.
struct World {
    out: [Process; 2],
    other: Daemon,
    relay: Namespace,
    lab: Lab,
}

impl World {
    fn new(check: bool) -> Self {
        let mut lab = configured(Xdp::Auto);
        let relay = lab.site.join(&lab.names, "relay", RELAY).unwrap();
        let site = &lab.site;
        site.connect_to_server(&relay, RELAY_NATIVE, SERVER_RELAY)
            .unwrap();
        site.server
            .sysctl(&["net.ipv6.conf.all.forwarding=1"])
            .unwrap();
        for prefix in ["2001:db8:0:2::/64", "2001:db9::/32", "2002::/16"] {
            let line = format!("ip -6 route add {prefix} via {RELAY_NATIVE}");
            site.server.run(&line).unwrap();
        }
        relay
            .run(&format!("ip -6 route add default via {SERVER_RELAY}"))
            .unwrap();
        let default = format!("ip -6 route add default via {SERVER}");
        site.router.run(&default).unwrap();

        let ours = isatap_tests::config::router(lab.names.router_device(), Xdp::Auto);
        let ours = ours.replace(
            "[datapath]",
            &format!("[datapath]\nneighbor-check = {check}"),
        );
        let router = lab.router_mut().unwrap();
        router.configure(&format!("{ours}{SIX_RD}")).unwrap();
        router.reload().unwrap();
        let device = format!("{}y", lab.names.router_device());
        let theirs = isatap_tests::config::router(&device, Xdp::Auto)
            .replace("2001:db8:0:1::/64", "2001:db8:0:2::/64")
            .replace("[datapath]", "[datapath]\nneighbor-check = false");
        let other = lab.start(&relay, &device, &theirs).unwrap();
        let out = [(&*lab.site.core, "to-router"), (&*lab.site.server, UPLINK)];
        let out = out.map(|(node, nic)| leaving(&lab, node, nic));
        Self {
            out,
            other,
            relay,
            lab,
        }
    }

    /// Packets that leave our router, into the tunnel and natively, because `act` sends one; so many are waited
    /// for, and then whether more come.
    fn leave(&self, wanted: usize, act: impl FnOnce(&Self)) -> usize {
        let count = || -> usize {
            let marks =
                |process: &Process| process.printed().matches(&format!(".{PORT}: ")).count();
            self.out.iter().map(marks).sum()
        };
        let before = count();
        act(self);
        within(PATIENCE, || (count() >= before + wanted).then_some(()));
        interrupt::sleep(Duration::from_millis(600)).unwrap();
        count() - before
    }

    /// Sends natively to our router, from the server.
    fn natively(&self, source: Ipv6Addr, destination: Ipv6Addr) {
        send_natively(&self.lab.site.server, source, destination);
    }
}

/// With every other tunnel, in whichever way the packet starts, with the neighbour check and without.
#[test]
fn no_packet_comes_back_out_of_another_tunnel() {
    for check in [true, false] {
        let mut world = World::new(check);
        // A relay of 6to4 and 6rd believes in what embeds the outer address, and forwards it.
        let their_host = embedding(OTHER, ROUTER);
        let for_relay = isatap_address(RELAY);
        for source in [their_host, OUR_SIX_TO_FOUR, OUR_SIX_RD] {
            let out = world.leave(0, |world| world.natively(source, for_relay));
            assert_eq!(out, 0, "{check}: from {source} to {for_relay}");
            let relay = &*world.relay;
            let out = world.leave(0, |_| tunnelled(relay, RELAY, for_relay, source));
            assert_eq!(out, 0, "{check}: from {for_relay} to {source}");
        }
        // Somebody of the other site, and back: nothing is wrong with that.
        let out = world.leave(1, |world| {
            world.natively(embedding(OTHER, HOST_B), isatap_address(HOST_A));
        });
        assert_eq!(out, 1, "{check}: from the other site");
        let host_a = &*world.lab.site.host_a;
        let (a, b) = (isatap_address(HOST_A), embedding(OTHER, HOST_B));
        let out = world.leave(1, |_| tunnelled(host_a, HOST_A, a, b));
        assert_eq!(out, 1, "{check}: to the other site");
        for process in world.out {
            process.stop(Signal::SIGTERM, PATIENCE).unwrap();
        }
        world.other.stop().unwrap();
    }
}

/// Through the other form of our own address, and from host to host: once, or not at all.
#[test]
fn no_packet_goes_round_in_our_own_tunnel() {
    for check in [true, false] {
        let world = World::new(check);
        let twin = {
            let twin = PREFIX.to_bits() | 0x0200_5efe_0000_0000 | u128::from(ROUTER.to_bits());
            Ipv6Addr::from_bits(twin)
        };
        let (a, b) = (isatap_address(HOST_A), isatap_address(HOST_B));
        let host_a = &*world.lab.site.host_a;
        let out = world.leave(0, |world| world.natively(SERVER, twin));
        assert_eq!(out, 0, "{check}: to the twin of our address");
        let out = world.leave(0, |_| tunnelled(host_a, HOST_A, a, twin));
        assert_eq!(out, 0, "{check}: to the twin through the tunnel");
        let out = world.leave(1, |_| tunnelled(host_a, HOST_A, a, b));
        assert_eq!(out, 1, "{check}: from host to host");
        let out = world.leave(0, |_| tunnelled(host_a, HOST_A, a, a));
        assert!(out <= 1, "{check}: from a host to itself, {out}");
        let out = world.leave(0, |_| tunnelled(host_a, ROUTER, twin, twin));
        assert_eq!(out, 0, "{check}: in our own name");
    }
}

/// Sends through the tunnel to our router, in the name of the node at `outer`.
fn tunnelled(from: &Inside, outer: Ipv4Addr, source: Ipv6Addr, destination: Ipv6Addr) {
    let outer = Outer::new(outer, ROUTER);
    let packet = outer.packet(&marked(source, destination)).unwrap();
    forge::send(from, ROUTER, &packet).unwrap();
}

/// An ISATAP address of `ipv4`.
fn embedding(prefix: Ipv6Addr, ipv4: Ipv4Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(prefix.to_bits() | 0x5efe_0000_0000 | u128::from(ipv4.to_bits()))
}

fn marked(source: Ipv6Addr, destination: Ipv6Addr) -> Vec<u8> {
    let inner = Inner::new(source, destination).udp(4000, PORT, b"round");
    inner.packet().unwrap()
}

fn send_natively(from: &Inside, source: Ipv6Addr, destination: Ipv6Addr) {
    forge::send_ipv6(from, destination, &marked(source, destination)).unwrap();
}

/// What arrives at a neighbour of our router.
fn leaving(lab: &Lab, node: &Inside, nic: &str) -> Process {
    let log = lab.file(&format!("leaving-{nic}.log"));
    capture(node, &format!("-Q in -i {nic} ip6 or ip proto 41"), &log)
}

/// An IPv4 route to a host through the tunnel itself: the source hears that there is no way, and nothing
/// goes round in the machine (RFC 2473 section 4.4).
#[test]
fn a_route_back_into_the_tunnel_is_no_way() {
    let lab = configured(Xdp::Off);
    let (router, device) = (&lab.site.router, lab.names.router_device());
    let host = isatap_address(HOST_A).to_string();
    assert!(reaches(&lab.site.server, &host));
    let route = format!("{HOST_A}/32 dev {device}");
    router.run(&format!("ip route add {route}")).unwrap();
    // Until no cache believes the old way.
    let gone = within(PATIENCE, || {
        hears_nothing(&lab.site.server, &host).then_some(())
    });
    assert!(gone.is_some());
    let before = Stats::read(lab.router().unwrap()).unwrap();
    assert!(hears_nothing(&lab.site.server, &host));
    let since = Stats::read(lab.router().unwrap()).unwrap().since(&before);
    assert!(since.of_reason("no_route") >= 5, "{since:?}");
    assert_eq!(since.of_reason("resolved"), 0, "{since:?}");
    let entered = since.packets(|count| count.direction == "out" && count.layer == "tc");
    assert!(entered <= 2 * 5, "each enters the tunnel once: {since:?}");
    router.run(&format!("ip route del {route}")).unwrap();
    let back = within(PATIENCE, || reaches(&lab.site.server, &host).then_some(()));
    assert!(back.is_some());
}
