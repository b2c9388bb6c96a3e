//! NICs that carry VLANs: the uplink is one of them, and the others are none of its business.

use isatap_tests::{
    config::router_between,
    site::{NATIVE, UPLINK},
};

use super::*;

/// The uplink is VLAN 100 of the router's NIC; in VLAN 200 are others.
const SITE: &str = "eth0.100";
const SENT: u64 = 20;

/// Tagged frames in place of plain ones between core and router.
fn tag(lab: &Lab) {
    let vlan = |inside: &Inside, nic: &str, name: &str, id: u16, address: &str| {
        for line in [
            format!("ip link add link {nic} name {name} type vlan id {id}"),
            format!("ip link set {name} up"),
            format!("ip addr add {address}/24 dev {name}"),
        ] {
            inside.run(&line).unwrap();
        }
    };
    let (core, router) = (&lab.site.core, &lab.site.router);
    core.run("ip -4 addr flush dev to-router").unwrap();
    router.run("ip -4 addr flush dev eth0").unwrap();
    vlan(core, "to-router", "site", 100, "10.9.0.1");
    vlan(router, UPLINK, SITE, 100, "10.9.0.2");
    vlan(core, "to-router", "others", 200, "10.77.0.1");
    vlan(router, UPLINK, "eth0.200", 200, "10.77.0.2");
    router.run("ip route add default via 10.9.0.1").unwrap();
}

fn started(xdp: Xdp, uplink: &str) -> Lab {
    let mut lab = lab();
    tag(&lab);
    let router = router_between(&[uplink], &[NATIVE], lab.names.router_device(), xdp);
    lab.start_router_by(&router).unwrap();
    lab
}

/// That packets for the router's locator reach the server in the site's VLAN, and none does in another.
fn takes_nothing_of_the_other_vlan(lab: &Lab) {
    assert_eq!(echo_requests_that_arrive(lab), SENT);
    let core = &lab.site.core;
    core.run("ip route replace 10.9.0.2/32 via 10.77.0.2")
        .unwrap();
    let taken = echo_requests_that_arrive(lab);
    core.run("ip route del 10.9.0.2/32").unwrap();
    assert_eq!(taken, 0, "of {SENT}");
}

/// How many of those that host b could have sent the server gets.
fn echo_requests_that_arrive(lab: &Lab) -> u64 {
    let request = Inner::new(isatap_address(HOST_B), SERVER).echo_request(7, 1, &[5; 64]);
    let packet = Outer::new(HOST_B, ROUTER)
        .packet(&request.packet().unwrap())
        .unwrap();
    let before = echo_requests(lab);
    for _ in 0..SENT {
        forge::send(&lab.site.core, ROUTER, &packet).unwrap();
    }
    let arrived = || echo_requests(lab) - before;
    within(Duration::from_millis(500), || {
        (arrived() == SENT).then_some(())
    });
    arrived()
}

fn echo_requests(lab: &Lab) -> u64 {
    let counted = lab.site.server.run("cat /proc/net/snmp6").unwrap();
    let mut lines = counted.lines();
    let line = lines.find(|line| line.starts_with("Icmp6InEchos "));
    let count = line.unwrap().split_whitespace().nth(1);
    count.unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs a kernel with VLANs: cargo xtask vm --case trunk"]
fn a_vlan_is_an_uplink_and_other_vlans_are_left_alone() {
    for xdp in [Xdp::Auto, Xdp::Off, Xdp::Forward] {
        let mut lab = started(xdp, SITE);
        lab.start_host_a().unwrap();
        lab.start_host_b().unwrap();
        addressed(&lab);
        steps::reach(&mut lab, xdp).unwrap();
        steps::forged(&mut lab, xdp).unwrap();
        let status = lab.router().unwrap().json(&["status"]).unwrap();
        let uplink = &status["uplinks"][0];
        assert_eq!(uplink["xdp"], "off");
        assert_eq!(uplink["tc"] == "forward", xdp == Xdp::Forward);
        if xdp == Xdp::Auto {
            assert!(
                uplink["reason"].as_str().unwrap().contains("VLAN"),
                "{uplink}"
            );
            assert_eq!(status["links"][0]["xdp"], "native");
        }
        takes_nothing_of_the_other_vlan(&lab);
    }
}

/// The operator insists: XDP on socket buffers, behind the tag.
#[test]
#[ignore = "needs a kernel with VLANs: cargo xtask vm --case trunk"]
fn generic_xdp_serves_a_vlan() {
    let mut lab = lab();
    tag(&lab);
    let router = router_between(&[SITE], &[NATIVE], lab.names.router_device(), Xdp::Auto);
    let router = router.replace("\"auto\"", "\"generic\"");
    lab.start_router_by(&router).unwrap();
    lab.start_host_a().unwrap();
    lab.start_host_b().unwrap();
    addressed(&lab);
    steps::reach(&mut lab, Xdp::Auto).unwrap();
    let status = lab.router().unwrap().json(&["status"]).unwrap();
    assert_eq!(status["uplinks"][0]["xdp"], "generic");
    let counted = Stats::read(lab.router().unwrap()).unwrap();
    let by_xdp = |direction| {
        counted.packets(|count| {
            count.layer == "xdp" && count.direction == direction && count.reason == "cached"
        })
    };
    assert!(
        by_xdp("in") > 0 && by_xdp("out") > 0,
        "{:?}",
        counted.lines()
    );
    takes_nothing_of_the_other_vlan(&lab);
}

/// Frames without a tag are the uplink's; the NIC takes tags out of the others before XDP sees them.
#[test]
#[ignore = "needs a kernel with VLANs: cargo xtask vm --case trunk"]
fn the_untagged_frames_of_a_trunk_are_an_uplink_and_its_vlans_are_left_alone() {
    let mut lab = lab();
    tag(&lab);
    let (core, router) = (&lab.site.core, &lab.site.router);
    for (inside, vlan, nic, address) in [
        (core, "site", "to-router", "10.9.0.1"),
        (router, SITE, UPLINK, "10.9.0.2"),
    ] {
        inside.run(&format!("ip link del {vlan}")).unwrap();
        inside
            .run(&format!("ip addr add {address}/24 dev {nic}"))
            .unwrap();
    }
    router.run("ip route add default via 10.9.0.1").unwrap();
    let config = router_between(&[UPLINK], &[NATIVE], lab.names.router_device(), Xdp::Auto);
    lab.start_router_by(&config).unwrap();
    lab.start_host_a().unwrap();
    lab.start_host_b().unwrap();
    addressed(&lab);
    steps::reach(&mut lab, Xdp::Auto).unwrap();
    let uplink = |lab: &Lab| {
        let status = lab.router().unwrap().json(&["status"]).unwrap();
        status["uplinks"][0].clone()
    };
    let shown = uplink(&lab);
    assert_eq!(shown["xdp"], "off");
    assert!(
        shown["reason"].as_str().unwrap().contains("eth0.200"),
        "{shown}"
    );
    takes_nothing_of_the_other_vlan(&lab);
    lab.site.router.run("ip link del eth0.200").unwrap();
    let native = within(PATIENCE, || (uplink(&lab)["xdp"] == "native").then_some(()));
    assert!(native.is_some(), "the last VLAN has gone");
    steps::reach(&mut lab, Xdp::Auto).unwrap();
}
