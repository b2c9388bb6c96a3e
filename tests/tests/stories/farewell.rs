//! A router that ceases to advertise says so to each host that relies on it (RFC 4861 section 6.2.5).
//! Nothing flows meanwhile, so no host would notice by itself.

use isatap_common::nd::{Lifetime, Received, RouterAdvert};
use isatap_tests::{
    bare::{BareHost, Heard},
    daemon::Daemon,
};

use super::*;

const SOON: Duration = Duration::from_secs(10);
const ADVERTISEMENT: u8 = 134;

fn has_default(inside: &Inside, device: &str) -> bool {
    let words = format!("ip -6 route show default dev {device}");
    !inside.run(&words).unwrap().is_empty()
}

/// Waits until both hosts have a default route, or have none.
fn both_have_default(lab: &Lab, wanted: bool) {
    let hosts = [
        (&lab.site.host_a, lab.names.host_a_device()),
        (&lab.site.host_b, lab.names.host_b_device()),
    ];
    for (inside, device) in hosts {
        let is_so = within(SOON, || {
            (has_default(inside, device) == wanted).then_some(())
        });
        assert!(is_so.is_some(), "{device}: a default route is not {wanted}");
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
        let mut lab = configured(Xdp::Auto);
        both_have_default(&lab, true);
        let router = lab.router_mut().unwrap();
        if kill {
            // Those that an earlier process answered count as well.
            router.kill().unwrap();
            router.resume().unwrap();
            router.kill().unwrap();
        } else {
            router.stop().unwrap();
        }
        both_have_default(&lab, true);
        let told = down(lab.router().unwrap());
        assert_eq!(told, "hosts told that this is no router any more: 2\n");
        both_have_default(&lab, false);
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
    let route = "[[router.route]]\nprefix = \"2001:db8:f::/48\"\n";
    let advertising = isatap_tests::config::router(&device, Xdp::Auto) + route;
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
        // A process that did not advertise does not know what was.
        let withdrawn: Vec<_> = last.routes.iter().map(|route| route.lifetime).collect();
        let expected: &[_] = if by_reload { &[Lifetime::ZERO] } else { &[] };
        assert_eq!(withdrawn, expected);
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
