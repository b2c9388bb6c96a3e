//! Whose Redirects a host heeds (RFC 4861 section 8.1): the kernel and the programs together.

use std::net::Ipv6Addr;

use super::*;

/// A router of the host's list, but not the one that it uses; nobody is there.
const OTHER: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 2);
const OTHER_LINK: Ipv6Addr = link_local(OTHER);
const ROUTER_LINK: Ipv6Addr = link_local(ROUTER);
const HOST_B_LINK: Ipv6Addr = link_local(HOST_B);
const REDIRECT: u8 = 137;

const fn link_local(ipv4: Ipv4Addr) -> Ipv6Addr {
    let [a, b, c, d] = ipv4.octets();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0x5efe, high, low)
}

/// To the server by way of host b.
fn redirect(source: Ipv6Addr, destination: Ipv6Addr) -> Inner {
    let body = [&[0; 4], &HOST_B_LINK.octets()[..], &destination.octets()].concat();
    Inner::new(source, link_local(HOST_A)).icmp(REDIRECT, 0, &body)
}

fn sends(lab: &Lab, outer: Ipv4Addr, inner: &Inner) {
    let packet = Outer::new(outer, HOST_A).packet(&inner.packet().unwrap());
    forge::send(&lab.site.core, HOST_A, &packet.unwrap()).unwrap();
}

/// Where the host sends packets for the server to.
fn next_hop(lab: &Lab) -> String {
    let shown = lab.site.host_a.output(&format!("ip -6 route get {SERVER}"));
    let shown = shown.unwrap().stdout;
    let mut words = shown.split_whitespace().skip_while(|word| *word != "via");
    words.nth(1).unwrap_or_default().to_owned()
}

fn counted(lab: &Lab, reason: &str, before: &Stats) -> u64 {
    let now = Stats::read(lab.host_a().unwrap()).unwrap();
    now.since(before).of_reason(reason)
}

#[test]
fn a_host_heeds_redirects_of_its_first_hop_from_its_link_local_address_alone() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    let device = lab.names.host_a_device().to_owned();
    let config = isatap_tests::config::host(&device);
    let both = format!("\"{ROUTER}\", \"{OTHER}\"");
    lab.start_host_a_by(&config.replace(&format!("\"{ROUTER}\""), &both))
        .unwrap();
    let routed = within(PATIENCE, || {
        (next_hop(&lab) == ROUTER_LINK.to_string()).then_some(())
    });
    assert!(routed.is_some(), "{}", next_hop(&lab));
    assert!(reaches(&lab.site.host_a, &SERVER.to_string()));

    let global = isatap_address(ROUTER);
    let right = redirect(ROUTER_LINK, SERVER);
    let wrong_sum = {
        let mut packet = right.packet().unwrap();
        packet[42] ^= 1;
        Inner::new(ROUTER_LINK, link_local(HOST_A))
            .hop_limit(255)
            .raw(58, &packet[40..])
    };
    for (what, outer, inner, reason) in [
        ("a host", HOST_B, redirect(HOST_B_LINK, SERVER), "nd_source"),
        ("a host in its name", HOST_B, right.clone(), "src_mismatch"),
        (
            "hop limit",
            ROUTER,
            right.clone().hop_limit(254),
            "nd_hop_limit",
        ),
        (
            "not its link-local address",
            ROUTER,
            redirect(global, SERVER),
            "delivered",
        ),
        (
            "not the first hop",
            OTHER,
            redirect(OTHER_LINK, SERVER),
            "delivered",
        ),
        (
            "for a group",
            ROUTER,
            redirect(ROUTER_LINK, Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1)),
            "delivered",
        ),
        ("wrong checksum", ROUTER, wrong_sum, "delivered"),
    ] {
        let before = Stats::read(lab.host_a().unwrap()).unwrap();
        sends(&lab, outer, &inner);
        let taken = within(PATIENCE, || {
            (counted(&lab, reason, &before) > 0).then_some(())
        });
        assert!(taken.is_some(), "{what} is not {reason}");
        assert_eq!(next_hop(&lab), ROUTER_LINK.to_string(), "{what}");
    }
    sends(&lab, ROUTER, &right);
    let heeded = within(PATIENCE, || {
        (next_hop(&lab) == HOST_B_LINK.to_string()).then_some(())
    });
    assert!(heeded.is_some(), "the right one: {}", next_hop(&lab));
}
