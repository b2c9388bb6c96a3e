//! A router with several NICs in the IPv4 site, each with an address of its own.
//!
//! ```text
//! host a  10.1.0.2 ─── core ┬─ 10.9.0.1 ─── 10.9.0.2 eth0 ┐
//! host b  10.2.0.2 ─── core └─ 10.8.0.1 ─── 10.8.0.2 eth2 ┴ router ─── server
//! ```

use isatap_tests::{
    config::{host_of, router_between},
    site::{NATIVE, UPLINK, wire},
};

use super::{forward::attached, *};

/// The second uplink and the router's address there.
pub(super) const SECOND: &str = "eth2";
pub(super) const SECOND_LOCATOR: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 2);

/// Host a knows the router by its first address, host b by its second.
pub(super) fn two_uplinks(xdp: Xdp) -> Lab {
    let mut lab = lab();
    connect_second(&lab);
    let router = router_between(&[UPLINK, SECOND], &[NATIVE], lab.names.router_device(), xdp);
    lab.start_router_by(&router).unwrap();
    lab.start_host_a().unwrap();
    let host_b = host_of(lab.names.host_b_device(), SECOND_LOCATOR);
    lab.start_host_b_by(&host_b).unwrap();
    lab
}

pub(super) fn connect_second(lab: &Lab) {
    let (core, router) = (&lab.site.core, &lab.site.router);
    wire((router, SECOND), (core, "to-second")).unwrap();
    core.run("ip addr add 10.8.0.1/24 dev to-second").unwrap();
    core.run("ethtool -K to-second gro on").unwrap();
    router
        .run(&format!("ip addr add {SECOND_LOCATOR}/24 dev {SECOND}"))
        .unwrap();
    router.run("ip route add 10.2.0.0/24 via 10.8.0.1").unwrap();
}

/// Everybody reaches everybody, the server first: it speaks to hosts that have only solicited.
pub(super) fn everybody_reaches_everybody(lab: &Lab) {
    let (server, a, b) = (
        SERVER.to_string(),
        isatap_address(HOST_A).to_string(),
        isatap_address(HOST_B).to_string(),
    );
    let site = &lab.site;
    for (from, to) in [
        (&site.server, &b),
        (&site.server, &a),
        (&site.host_a, &server),
        (&site.host_b, &server),
        (&site.host_a, &b),
        (&site.host_b, &a),
    ] {
        assert!(reaches(from, to), "{} → {to}", from.name());
    }
}

/// Packets of protocol 41 that `host` gets are from the only router that it knows, although only its
/// own source check would tell.
fn hears_only(host: &Inside, router: Ipv4Addr, log: &Path, act: impl FnOnce()) {
    let words = format!("-i {UPLINK} -c 1 ip proto 41 and inbound and not src {router}");
    let mut strangers = capture(host, &words, log);
    act();
    let seen = strangers.wait(Duration::from_millis(200)).unwrap();
    assert!(seen.is_none(), "{}", strangers.printed());
}

#[test]
fn each_host_is_answered_from_the_locator_that_it_knows() {
    for xdp in [Xdp::Auto, Xdp::Off, Xdp::Forward] {
        let lab = two_uplinks(xdp);
        addressed(&lab);
        let status = lab.router().unwrap().json(&["status"]).unwrap();
        let locators = status["locators"].as_array().unwrap();
        assert_eq!(locators.len(), 2, "{status}");
        assert_eq!(locators[0]["ipv4"], ROUTER.to_string());
        assert_eq!(locators[1]["ipv4"], SECOND_LOCATOR.to_string());
        assert_eq!(locators[1]["interface"], SECOND);
        // Both forms of two link-local addresses, and one in the prefix for each.
        assert_eq!(status["addresses"].as_array().unwrap().len(), 6);
        everybody_reaches_everybody(&lab);
        let log = lab.file("strangers.log");
        hears_only(&lab.site.host_b, SECOND_LOCATOR, &log, || {
            assert!(reaches(
                &lab.site.server,
                &isatap_address(HOST_B).to_string()
            ));
            assert!(reaches(&lab.site.host_b, &SERVER.to_string()));
        });
    }
}

/// The site's routing brings packets in through one NIC and takes the answers out of the other.
#[test]
fn the_locator_is_the_known_one_although_the_way_back_is_another() {
    for xdp in [Xdp::Auto, Xdp::Off, Xdp::Forward] {
        let lab = two_uplinks(xdp);
        addressed(&lab);
        lab.site.router.run("ip route del 10.2.0.0/24").unwrap();
        everybody_reaches_everybody(&lab);
        let log = lab.file("strangers.log");
        hears_only(&lab.site.host_b, SECOND_LOCATOR, &log, || {
            assert!(reaches(
                &lab.site.server,
                &isatap_address(HOST_B).to_string()
            ));
        });
    }
}

/// Addresses come and go on an uplink that stays (RFC 5214 section 6.2).
#[test]
fn a_locator_goes_and_comes_with_its_address() {
    let lab = two_uplinks(Xdp::Auto);
    addressed(&lab);
    let router = lab.router().unwrap();
    let device = lab.names.router_device();
    let locators = |wanted: usize| {
        let seen = within(PATIENCE, || {
            let map = router.json(&["map", "dump", "LOCATORS"]).ok()?;
            let shown = lab
                .site
                .router
                .run(&format!("ip -6 addr show dev {device}"))
                .ok()?;
            let entries = map["entries"].as_array()?.len();
            let link_local = shown.matches("fe80:").count();
            (entries == 2 * wanted && link_local == 2 * wanted).then_some(())
        });
        assert!(seen.is_some(), "not {wanted} locators");
    };
    locators(2);
    let change = |verb: &str| {
        let line = format!("ip addr {verb} {SECOND_LOCATOR}/24 dev {SECOND}");
        lab.site.router.run(&line).unwrap();
    };
    change("del");
    locators(1);
    assert!(reaches(&lab.site.host_a, &SERVER.to_string()));
    assert!(hears_nothing(&lab.site.host_b, &SERVER.to_string()));
    change("add");
    lab.site
        .router
        .run("ip route replace 10.2.0.0/24 via 10.8.0.1")
        .unwrap();
    locators(2);
    everybody_reaches_everybody(&lab);
}

/// The configuration names one address, which is then the only locator.
#[test]
fn local_chooses_the_locator() {
    let mut lab = lab();
    connect_second(&lab);
    let device = lab.names.router_device().to_owned();
    let both = router_between(&[UPLINK, SECOND], &[NATIVE], &device, Xdp::Auto);
    let local = |address: Ipv4Addr| {
        both.replace("[datapath]", &format!("local = \"{address}\"\n[datapath]"))
    };
    lab.start_router_by(&local(SECOND_LOCATOR)).unwrap();
    lab.start_host_a().unwrap();
    let host_b = host_of(lab.names.host_b_device(), SECOND_LOCATOR);
    lab.start_host_b_by(&host_b).unwrap();
    let has = |inside: &Inside, device: &str, limit| {
        within(limit, || {
            let addresses = inside.global_addresses(device).ok()?;
            (!addresses.is_empty()).then_some(())
        })
    };
    let (site, names) = (&lab.site, &lab.names);
    assert!(has(&site.host_b, names.host_b_device(), PATIENCE).is_some());
    assert!(has(&site.host_a, names.host_a_device(), Duration::from_secs(2)).is_none());
    assert!(reaches(&site.host_b, &SERVER.to_string()));
    let router = lab.router_mut().unwrap();
    router.configure(&local(ROUTER)).unwrap();
    router.reload().unwrap();
    let status = router.json(&["status"]).unwrap();
    let locators = status["locators"].as_array().unwrap();
    assert_eq!(locators.len(), 1);
    assert_eq!(locators[0]["ipv4"], ROUTER.to_string());
    let (site, names) = (&lab.site, &lab.names);
    assert!(has(&site.host_a, names.host_a_device(), 2 * PATIENCE).is_some());
    assert!(reaches(&site.host_a, &SERVER.to_string()));
}

/// When the reload is done, and also if another process has attached them; the next reload has them back.
#[test]
fn an_uplink_that_leaves_the_file_keeps_no_program() {
    let mut lab = lab();
    connect_second(&lab);
    let device = lab.names.router_device().to_owned();
    let one = isatap_tests::config::router(&device, Xdp::Auto);
    let both = router_between(&[UPLINK, SECOND], &[NATIVE], &device, Xdp::Auto);
    lab.start_router_by(&both).unwrap();
    for is_restarted in [false, true] {
        for round in 0..20 {
            let router = lab.router_mut().unwrap();
            if is_restarted {
                router.stop().unwrap();
                router.resume().unwrap();
            }
            router.configure(&one).unwrap();
            router.reload().unwrap();
            let left = attached(&lab, SECOND);
            assert!(left.is_empty(), "{is_restarted} {round}: {left:?}");
            let shown = lab.site.router.run(&format!("ip link show {SECOND}"));
            let shown = shown.unwrap();
            assert!(!shown.contains("xdp"), "{is_restarted} {round}: {shown}");
            let router = lab.router_mut().unwrap();
            router.configure(&both).unwrap();
            router.reload().unwrap();
            let status = router.json(&["status"]).unwrap();
            let uplink = &status["uplinks"][1];
            assert_eq!(uplink["xdp"], "native", "{is_restarted} {round}: {uplink}");
            let logged = router.logged();
            assert!(!logged.contains("stays as it was"), "{logged}");
        }
    }
}
