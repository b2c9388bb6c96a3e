//! Frames that are for other machines, or for all, reach the router's NICs, as they do where somebody listens to
//! everything or a switch floods. None is forwarded; and a NIC is known by its new address when it gets one.

use isatap_tests::{
    config::router,
    pings::{Pings, start_ping},
    site::{NATIVE, ROUTER_NATIVE, UPLINK},
};

use super::*;

/// Somebody else, everybody, and a group.
const OTHERS: [&str; 3] = [
    "02:00:00:00:00:99",
    "ff:ff:ff:ff:ff:ff",
    "01:00:5e:00:00:01",
];
/// What the NICs get.
const NEW_UPLINK: &str = "02:00:00:00:09:77";
const NEW_NATIVE: &str = "02:00:00:00:0f:77";

/// What forwards: of which kind the router is, and the word for its `xdp`.
const NATIVE_XDP: (Xdp, &str) = (Xdp::Auto, "auto");
const GENERIC_XDP: (Xdp, &str) = (Xdp::Auto, "generic");
const TRAFFIC_CONTROL: (Xdp, &str) = (Xdp::Forward, "off");
const STACK: (Xdp, &str) = (Xdp::Off, "off");

fn started((xdp, word): (Xdp, &str)) -> Lab {
    let mut lab = lab();
    let auto = router(lab.names.router_device(), xdp);
    lab.start_router_by(&auto.replace("\"auto\"", &format!("{word:?}")))
        .unwrap();
    lab.start_host_a().unwrap();
    lab.start_host_b().unwrap();
    addressed(&lab);
    steps::reach(&mut lab, xdp).unwrap();
    lab
}

/// The two who send to the router: the core into its uplink, and the server.
fn senders(lab: &Lab) -> [(&Inside, String, &'static str); 2] {
    let site = &lab.site;
    [
        (&site.core, ROUTER.to_string(), "to-router"),
        (&site.server, ROUTER_NATIVE.to_string(), UPLINK),
    ]
}

/// Has somebody believe that the router has that address.
fn mislead((from, router, nic): &(&Inside, String, &str), address: &str) {
    let line = format!("ip neigh replace {router} lladdr {address} dev {nic} nud permanent");
    from.run(&line).unwrap();
}

/// Has somebody ask again who has the router's address.
fn forget((from, router, nic): &(&Inside, String, &str)) {
    from.run(&format!("ip neigh del {router} dev {nic}"))
        .unwrap();
}

/// Pings from host a to the server, each of which goes through the router both ways.
fn pinged(lab: &Lab, count: u32) -> Pings {
    ping(&lab.site.host_a, &SERVER.to_string(), count, 0.02).unwrap()
}

/// No answer comes while either of the two who send to the router puts another address into its frames.
fn forwards_no_frames_for_others(mode: (Xdp, &str)) {
    let lab = started(mode);
    for sender in senders(&lab) {
        for address in OTHERS {
            mislead(&sender, address);
            let silent = hears_nothing(&lab.site.host_a, &SERVER.to_string());
            assert!(silent, "{address} at {}", sender.0.name());
            forget(&sender);
            assert!(pinged(&lab, 10).received > 0, "after {address}");
        }
    }
}

#[test]
fn native_xdp_forwards_no_frames_for_others() {
    forwards_no_frames_for_others(NATIVE_XDP);
}

#[test]
fn generic_xdp_forwards_no_frames_for_others() {
    forwards_no_frames_for_others(GENERIC_XDP);
}

#[test]
fn traffic_control_forwards_no_frames_for_others() {
    forwards_no_frames_for_others(TRAFFIC_CONTROL);
}

/// Neither program nor daemon takes them out of their frames.
#[test]
fn the_stack_gets_no_frames_for_others() {
    forwards_no_frames_for_others(STACK);
}

/// Frames that XDP has forwarded as its cache said, each way.
fn by_xdp(lab: &Lab) -> [u64; 2] {
    let counted = Stats::read(lab.router().unwrap()).unwrap();
    ["in", "out"].map(|direction| {
        counted.packets(|count| {
            count.direction == direction && count.layer == "xdp" && count.reason == "cached"
        })
    })
}

/// While packets flow, and without a restart.
#[test]
fn a_nic_whose_address_changes_goes_on_forwarding() {
    for mode @ (xdp, _) in [NATIVE_XDP, GENERIC_XDP, TRAFFIC_CONTROL] {
        let lab = started(mode);
        let log = lab.file("address.log");
        let host = isatap_address(HOST_A);
        let pings = start_ping(&lab.site.server, host, &log).unwrap();
        let nics = [(UPLINK, NEW_UPLINK), (NATIVE, NEW_NATIVE)];
        for ((nic, address), sender) in nics.into_iter().zip(senders(&lab)) {
            pings.are_answered(50).unwrap();
            let change = format!("ip link set {nic} address {address}");
            lab.site.router.run(&change).unwrap();
            forget(&sender);
        }
        // Those on their way to the old addresses are lost, and then no more.
        pings.are_answered(50).unwrap();
        println!("{mode:?}: {}", pings.end().unwrap());
        if xdp == Xdp::Auto {
            let before = by_xdp(&lab);
            assert_eq!(pinged(&lab, 20).lost(), 0, "{mode:?}");
            let after = by_xdp(&lab);
            assert!(
                after[0] >= before[0] + 10,
                "{mode:?}: {before:?}, {after:?}"
            );
            assert!(
                after[1] >= before[1] + 10,
                "{mode:?}: {before:?}, {after:?}"
            );
        }
    }
}

/// The index of the router's NIC on the side of the server is that of its uplink and 256.
fn crowded() -> Lab {
    let lab = lab();
    let (router, server) = (&lab.site.router, &lab.site.server);
    let uplink = router
        .enter(|| Ok(nix::net::if_::if_nametoindex(UPLINK)?))
        .unwrap();
    router.run(&format!("ip link del {NATIVE}")).unwrap();
    let index = uplink + 256;
    let peer = format!("peer name {UPLINK} netns {}", server.name());
    router
        .run(&format!(
            "ip link add {NATIVE} index {index} type veth {peer}"
        ))
        .unwrap();
    for (node, nic, address) in [(router, NATIVE, ROUTER_NATIVE), (server, UPLINK, SERVER)] {
        node.run(&format!("ip link set {nic} up")).unwrap();
        node.run(&format!("ip addr add {address}/64 dev {nic} nodad"))
            .unwrap();
    }
    let default = format!("ip -6 route add default via {ROUTER_NATIVE}");
    server.run(&default).unwrap();
    server
        .run(&format!("ethtool -K {UPLINK} gro on tx off"))
        .unwrap();
    lab
}

/// Of two NICs that would have the same slot the second is served by traffic control, and named once.
#[test]
fn a_nic_that_has_no_slot_is_served_by_traffic_control() {
    let mut lab = crowded();
    steps::solicit(&mut lab, Xdp::Auto).unwrap();
    steps::configure(&mut lab, Xdp::Auto).unwrap();
    assert!(pinged(&lab, 20).received > 0);
    let before = by_xdp(&lab);
    assert_eq!(pinged(&lab, 20).lost(), 0);
    let after = by_xdp(&lab);
    assert!(after[0] >= before[0] + 10, "{before:?}, {after:?}");
    assert_eq!(after[1], 0, "by XDP from the server's side");
    let router = lab.router_mut().unwrap();
    router.reload().unwrap();
    let log = router.logged();
    let named = log.matches("the same last eight bits").count();
    assert_eq!(named, 1, "{log}");
}
