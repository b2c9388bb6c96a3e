//! A router that ceases to advertise says so to each host that relies on it (RFC 4861 section 6.2.5).
//! Nothing flows meanwhile, so no host would notice by itself.

use isatap_common::nd::{Lifetime, Received, RouterAdvert};
use isatap_tests::{
    bare::{BareHost, Heard},
    daemon::Daemon,
};

use super::*;

const SOON: Duration = PATIENCE;
const ADVERTISEMENT: u8 = 134;

/// Beside the default route.
const ROUTE: &str = "2001:db8:f::/48";

/// A router that advertises both.
fn with_route(device: &str) -> String {
    let route = format!("[[router.route]]\nprefix = \"{ROUTE}\"\n");
    isatap_tests::config::router(device, Xdp::Auto) + &route
}

/// How many of the two routes a host has.
fn routes(inside: &Inside, device: &str) -> usize {
    let shown = ["default", ROUTE].map(|route| {
        let words = format!("ip -6 route show {route} dev {device}");
        inside.run(&words).unwrap()
    });
    shown.iter().filter(|lines| !lines.is_empty()).count()
}

/// Waits until both hosts have both routes, or none.
fn both_have_routes(lab: &Lab, wanted: bool) {
    let hosts = [
        (&lab.site.host_a, lab.names.host_a_device()),
        (&lab.site.host_b, lab.names.host_b_device()),
    ];
    for (inside, device) in hosts {
        let count = if wanted { 2 } else { 0 };
        let is_so = within(SOON, || (routes(inside, device) == count).then_some(()));
        let found = routes(inside, device);
        assert!(is_so.is_some(), "{device}: {found} routes, not {count}");
    }
}

/// Has the router answer a host without a daemon.
fn asked(lab: &Lab, inside: &Inside, ipv4: Ipv4Addr) -> BareHost {
    let mut host = BareHost::new(inside, ipv4).unwrap();
    host.solicit(ROUTER).unwrap();
    assert!(heard(&mut host).lifetime > 0);
    let known = within(SOON, || {
        let hosts = map(lab.router().unwrap(), "CLIENTS");
        let known = hosts.iter().any(|entry| entry["key"] == ipv4.to_string());
        known.then_some(())
    });
    assert!(known.is_some(), "the map does not know {ipv4}");
    host
}

fn map(router: &Daemon, name: &str) -> Vec<serde_json::Value> {
    let dumped = router.json(&["map", "dump", name]).unwrap();
    let entries = dumped.get("entries").unwrap();
    entries.as_array().unwrap().clone()
}

fn advert(heard: &Heard) -> RouterAdvert {
    assert_eq!(heard.outer_source, ROUTER);
    let received = Received {
        source: heard.source,
        destination: heard.destination,
        hop_limit: Some(heard.hop_limit),
        bytes: &heard.bytes,
    };
    RouterAdvert::decode(&received).unwrap()
}

fn heard(host: &mut BareHost) -> RouterAdvert {
    advert(&host.hear(ADVERTISEMENT, SOON).unwrap().unwrap())
}

fn down(router: &Daemon) -> String {
    router.ctl(&["down"]).unwrap()
}

fn without_advertising(device: &str) -> String {
    let config = isatap_tests::config::router(device, Xdp::Auto);
    config.replace("[router]", "[router]\nadvertise = false")
}

#[test]
fn hosts_leave_a_router_that_is_taken_down_however_its_daemon_ended() {
    for kill in [false, true] {
        let mut lab = lab();
        let config = with_route(lab.names.router_device());
        lab.start_router_by(&config).unwrap();
        lab.start_host_a().unwrap();
        lab.start_host_b().unwrap();
        both_have_routes(&lab, true);
        let router = lab.router_mut().unwrap();
        if kill {
            // Those that an earlier process answered count as well.
            router.kill().unwrap();
            router.resume().unwrap();
            router.kill().unwrap();
        } else {
            router.stop().unwrap();
        }
        both_have_routes(&lab, true);
        let told = down(lab.router().unwrap());
        assert_eq!(told, "hosts told that this is no router any more: 2\n");
        both_have_routes(&lab, false);
        assert_eq!(down(lab.router().unwrap()), "", "there is nobody left");
    }
}

/// As any host hears it, which may lose a message.
#[test]
fn the_last_of_a_router_is_said_three_times() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    let mut host = asked(&lab, &lab.site.host_a, HOST_A);
    let router = lab.router_mut().unwrap();
    router.kill().unwrap();
    down(router);
    for _ in 0..3 {
        let last = heard(&mut host);
        assert_eq!((last.lifetime, last.prefixes.len()), (0, 0));
    }
}

/// By reload, and by a start with another file; each host is told by the first of them alone.
#[test]
fn a_router_that_leaves_advertising_to_others_says_so() {
    let mut lab = lab();
    let device = lab.names.router_device().to_owned();
    let advertising = with_route(&device);
    lab.start_router_by(&advertising).unwrap();
    for by_reload in [true, false] {
        let mut host = asked(&lab, &lab.site.host_a, HOST_A);
        let router = lab.router_mut().unwrap();
        router.configure(&without_advertising(&device)).unwrap();
        let config = lab.file(&format!("{device}.toml")).display().to_string();
        let plan = format!("{} plan --config {config}", program().display());
        let planned = lab.site.router.run(&plan).unwrap();
        let tell = format!("tell 1 hosts that {device} is no router any more");
        assert!(planned.contains(&tell), "{planned}");
        let router = lab.router_mut().unwrap();
        if by_reload {
            router.reload().unwrap();
        } else {
            router.stop().unwrap();
            router.resume().unwrap();
        }
        let last = heard(&mut host);
        assert_eq!(last.lifetime, 0);
        let withdrawn: Vec<_> = last.routes.iter().map(|route| route.lifetime).collect();
        assert_eq!(withdrawn, [Lifetime::ZERO]);
        let forgotten = within(SOON, || {
            map(lab.router().unwrap(), "CLIENTS")
                .is_empty()
                .then_some(())
        });
        assert!(forgotten.is_some(), "it would be told again");
        let router = lab.router_mut().unwrap();
        router.configure(&advertising).unwrap();
        router.reload().unwrap();
    }
}

/// The node ends then, and another takes its place; the hosts know the new one as none at all.
#[test]
fn a_router_that_becomes_a_host_says_so() {
    let mut lab = lab();
    let device = lab.names.router_device().to_owned();
    lab.start_router(Xdp::Auto).unwrap();
    let mut host = asked(&lab, &lab.site.host_a, HOST_A);
    let router = lab.router_mut().unwrap();
    let other = isatap_tests::config::host_of(&device, HOST_B);
    router.configure(&other).unwrap();
    router.reload().unwrap();
    assert_eq!(heard(&mut host).lifetime, 0);
}
