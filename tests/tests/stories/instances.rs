//! Two instances on one machine, each for a site of its own.

use std::net::Ipv6Addr;

use isatap_tests::{
    config::{host_of, router_between},
    daemon::Daemon,
    ns::Namespace,
    pings::start_ping,
    site::{NATIVE, UPLINK, gateway, wire},
};

use super::*;

/// The other site's prefix; the address in it of whoever is called like host a.
const OTHER_PREFIX: &str = "2001:db8:0:2::/64";
const OTHER_HOST: &str = "2001:db8:0:2:0:5efe:a01:2";

fn other_router(uplink: &str, device: &str, xdp: Xdp) -> String {
    router_between(&[uplink], &[NATIVE], device, xdp).replace("2001:db8:0:1::/64", OTHER_PREFIX)
}

/// A second site behind another NIC of the router.
pub(super) struct OtherSite {
    // In this order: daemons take their devices down while the namespace is there.
    pub(super) router: Daemon,
    _host: Daemon,
    pub(super) host: Namespace,
    pub(super) address: Ipv6Addr,
}

/// With its host, which may have the very address of host a.
pub(super) fn other_site(lab: &Lab, xdp: Xdp, ipv4: Ipv4Addr) -> OtherSite {
    let gateway = gateway(ipv4);
    let host = Namespace::create(&lab.names.namespace("other")).unwrap();
    let router = &lab.site.router;
    wire((router, "eth2"), (&host, UPLINK)).unwrap();
    for (inside, line) in [
        (&*host, format!("ip addr add {ipv4}/24 dev eth0")),
        (&*host, "ethtool -K eth0 gro on tx off".to_owned()),
        (&**router, format!("ip addr add {gateway}/24 dev eth2")),
        // The first site's packets for the same addresses take the first NIC.
        (
            &**router,
            "ip route add 10.1.0.0/24 via 10.9.0.1 table 100".to_owned(),
        ),
        (
            &**router,
            format!("ip rule add iif {} lookup 100", lab.names.router_device()),
        ),
    ] {
        inside.run(&line).unwrap();
    }
    let device = format!("{}y", lab.names.router_device());
    let daemon = lab.start(router, &device, &other_router("eth2", &device, xdp));
    let host_device = format!("{}y", lab.names.host_a_device());
    let on_host = lab.start(&host, &host_device, &host_of(&host_device, gateway));
    let site = OtherSite {
        router: daemon.unwrap(),
        _host: on_host.unwrap(),
        host,
        address: Ipv6Addr::from_bits(isatap_address(ipv4).to_bits() + (1 << 64)),
    };
    let found = within(PATIENCE, || {
        let addresses = site.host.global_addresses(&host_device).ok()?;
        addresses.contains(&site.address).then_some(())
    });
    assert!(found.is_some(), "the other host got no address");
    site
}

#[test]
fn sites_with_the_same_ipv4_addresses_do_not_know_of_each_other() {
    let mut lab = configured(Xdp::Auto);
    let mut other = other_site(&lab, Xdp::Auto, HOST_A);
    let status = other.router.json(&["status"]).unwrap();
    assert_eq!(status["uplinks"][0]["xdp"], "native");
    assert_eq!(status["links"][0]["xdp"], "off");
    let reason = status["links"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("another instance"), "{reason}");
    let a = isatap_address(HOST_A).to_string();
    for (from, to) in [
        (&*lab.site.server, a.as_str()),
        (&lab.site.server, OTHER_HOST),
        (&lab.site.host_a, &SERVER.to_string()),
        (&other.host, &SERVER.to_string()),
    ] {
        assert!(reaches(from, to), "{} → {to}", from.name());
    }
    let of = |router: &Daemon| router.json(&["map", "get", "PEERS", "10.1.0.2"]).unwrap();
    let (here, there) = (of(lab.router().unwrap()), of(&other.router));
    assert!(here.to_string().contains("\"10.9.0.2\""), "{here}");
    assert!(there.to_string().contains("\"10.1.0.1\""), "{there}");

    // One ends, and the other's packets flow on.
    let log = lab.file("other.log");
    let pings = start_ping(&lab.site.server, OTHER_HOST.parse().unwrap(), &log).unwrap();
    pings.are_answered(50).unwrap();
    lab.router_mut().unwrap().down().unwrap();
    let pings = pings.end().unwrap();
    assert_eq!(pings.lost(), 0, "{pings}");
    assert!(!pins::directory(lab.names.router_device()).exists());
    other.router.reload().unwrap();
    let status = other.router.json(&["status"]).unwrap();
    assert_eq!(status["links"][0]["xdp"], "native", "the NIC is free");
    assert!(reaches(&lab.site.server, OTHER_HOST));
    assert!(reaches(&other.host, &SERVER.to_string()));
}

/// XDP belongs to the first; the second has its packets from traffic control, and says so.
#[test]
fn two_instances_share_a_nic() {
    let mut lab = configured(Xdp::Auto);
    lab.site
        .router
        .run("ip addr add 10.9.0.3/24 dev eth0")
        .unwrap();
    let second = Ipv4Addr::new(10, 9, 0, 3);
    let device = format!("{}y", lab.names.router_device());
    let config = other_router(UPLINK, &device, Xdp::Auto)
        .replace("[datapath]", &format!("local = \"{second}\"\n[datapath]"));
    let insisting = config.replace("\"auto\"", "\"native\"");
    let refused = lab
        .start(&lab.site.router, &device, &insisting)
        .unwrap_err();
    let refused = format!("{refused:#}");
    assert!(refused.contains("exit status: 78"), "{refused}");
    assert!(
        refused.contains("eth0 already has the XDP program isatap_xdp"),
        "{refused}"
    );
    let mut other = lab.start(&lab.site.router, &device, &config).unwrap();
    let status = other.json(&["status"]).unwrap();
    assert_eq!(status["uplinks"][0]["xdp"], "off");
    let host = host_of(lab.names.host_b_device(), second);
    let host_b = lab.host_b_mut().unwrap();
    host_b.configure(&host).unwrap();
    host_b.reload().unwrap();
    let b = "2001:db8:0:2:0:5efe:a02:2";
    let found = within(PATIENCE, || {
        let addresses = lab
            .site
            .host_b
            .global_addresses(lab.names.host_b_device())
            .ok()?;
        addresses.contains(&b.parse().ok()?).then_some(())
    });
    assert!(found.is_some(), "host b got no address");
    let server = SERVER.to_string();
    for (from, to) in [
        (&lab.site.server, isatap_address(HOST_A).to_string()),
        (&lab.site.server, b.to_owned()),
        (&lab.site.host_a, server.clone()),
        (&lab.site.host_b, server.clone()),
    ] {
        assert!(reaches(from, &to), "{} → {to}", from.name());
    }
    other.down().unwrap();
    assert!(reaches(&lab.site.host_a, &server));
    let status = lab.router().unwrap().json(&["status"]).unwrap();
    assert_eq!(status["uplinks"][0]["xdp"], "native");
}
