//! The site itself, before any ISATAP: what the stories in it rely on. Needs root.

use std::net::Ipv6Addr;
use std::path::Path;
use std::time::Duration;

use isatap_tests::names::Names;
use isatap_tests::packet::{Inner, Outer};
use isatap_tests::pings::ping;
use isatap_tests::site::{HOST_A, HOST_B, ROUTER, SERVER, Site, UPLINK, isatap_address};
use isatap_tests::steps::native::{self, Native};
use isatap_tests::traffic::{Amount, Way, tcp};
use isatap_tests::{forge, interrupt, ns, sweep};

#[test]
fn ipv4_is_routed_between_all_and_ipv6_reaches_nobody() {
    let site = Site::create(&Names::unique()).unwrap();
    for to in [HOST_B, ROUTER] {
        assert_eq!(
            ping(&site.host_a, &to.to_string(), 5, 0.01).unwrap().lost(),
            0,
            "{to}"
        );
    }
    assert_eq!(
        ping(&site.router, &SERVER.to_string(), 5, 0.01)
            .unwrap()
            .lost(),
        0
    );
    let unreachable = site
        .host_a
        .output(&format!("ping -n -c 1 -W 1 {SERVER}"))
        .unwrap();
    assert_ne!(unreachable.code, Some(0), "{unreachable:?}");
}

#[test]
fn native_addresses_carry_tcp_and_leave_nothing_behind() {
    let names = Names::unique();
    let site = Site::create(&names).unwrap();
    site.router
        .sysctl(&["net.ipv6.conf.all.forwarding=1"])
        .unwrap();
    let before = site.host_a.run("ip -6 addr show").unwrap();
    let log = std::env::temp_dir().join(format!("{}.iperf3", names.namespace("native")));
    {
        let _native = Native::add(&site).unwrap();
        let to = native::SERVER;
        let rate = tcp(
            &site.host_a,
            &site.server,
            to,
            Way::Upload,
            Amount::Seconds(1),
            &log,
        )
        .unwrap();
        assert!(rate > 1e6, "{rate}");
    }
    std::fs::remove_file(log).unwrap();
    assert_eq!(site.host_a.run("ip -6 addr show").unwrap(), before);
    assert_eq!(site.host_a.run("ip -6 route show fd00:f::/64").unwrap(), "");
}

#[test]
fn a_forged_packet_arrives_at_the_router_as_it_was_made() {
    let names = Names::unique();
    let site = Site::create(&names).unwrap();
    let log = std::env::temp_dir().join(format!("{}.tcpdump", names.namespace("forged")));
    let words = format!("tcpdump -l -n -v -i {UPLINK} ip proto 41");
    let capture = site.router.start(&words, &log).unwrap();
    let until = |text: &str| {
        let seen = interrupt::poll(Duration::from_secs(30), || {
            Ok(capture.printed().contains(text).then_some(()))
        });
        assert!(
            seen.unwrap().is_some(),
            "no {text:?} in {}",
            capture.printed()
        );
    };
    until("listening on");
    let inner = Inner::new(isatap_address(HOST_A), SERVER).echo_request(7, 9, b"forged");
    let packet = Outer::new(HOST_B, ROUTER)
        .packet(&inner.packet().unwrap())
        .unwrap();
    forge::send(&site.host_b, ROUTER, &packet).unwrap();
    until("10.2.0.2 > 10.9.0.2: IP6");
    until(
        "2001:db8:0:1:0:5efe:a01:2 > 2001:db8:f::1: [icmp6 sum ok] ICMP6, echo request, id 7, seq 9",
    );
    std::fs::remove_file(log).unwrap();
}

#[test]
fn a_site_is_gone_with_its_value() {
    let names = Names::unique();
    let namespace = Path::new(ns::DIRECTORY).join(names.namespace("a"));
    let site = Site::create(&names).unwrap();
    assert!(namespace.exists());
    let forever = site
        .host_a
        .start("sleep 1000", Path::new("/dev/null"))
        .unwrap();
    drop(site);
    assert!(!namespace.exists());
    drop(forever);
}

#[test]
fn a_lab_of_a_dead_process_is_swept_away_and_one_of_the_living_is_not() {
    // Beyond the highest number that the kernel gives to a process.
    let dead = "isatap-lab-4999999-0-a";
    isatap_tests::exec::line(&format!("ip netns add {dead}")).unwrap();
    let living = ns::Namespace::create(&Names::unique().namespace("a")).unwrap();
    sweep::stale().unwrap();
    assert!(!Path::new(ns::DIRECTORY).join(dead).exists());
    assert!(Path::new(ns::DIRECTORY).join(living.name()).exists());
}

#[test]
fn names_fit_the_kernel() {
    for device in Names::unique().devices() {
        assert!(device.len() <= 15, "{device}");
    }
}

#[test]
fn addresses_embed_the_host() {
    let expected: Ipv6Addr = "2001:db8:0:1:0:5efe:10.1.0.2".parse().unwrap();
    assert_eq!(isatap_address(HOST_A), expected);
}
