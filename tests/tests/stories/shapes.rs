//! Shapes of routers: one NIC for both sides, and NICs for large frames.

use isatap_tests::{
    config::router_between,
    pings::ping_as,
    site::{NATIVE, UPLINK},
};

use isatap_ctl::kernel::release::Release;

use super::*;

/// The core's native IPv6 address on its NIC to the router.
const CORE: &str = "2001:db8:e::1";

/// A native network on the wire between core and router, and a way to the hosts through it.
pub(super) fn native_on_the_uplink(lab: &Lab) {
    let (core, router) = (&lab.site.core, &lab.site.router);
    for (inside, line) in [
        (core, "ip addr add 2001:db8:e::1/64 dev to-router nodad"),
        (router, "ip addr add 2001:db8:e::2/64 dev eth0 nodad"),
        (core, "ip -6 route add 2001:db8:0:1::/64 via 2001:db8:e::2"),
        (core, "ethtool -K to-router tx off"),
    ] {
        inside.run(line).unwrap();
    }
}

/// The NIC of the IPv4 site is that of the native network as well.
#[test]
fn one_nic_serves_both_sides() {
    for xdp in [Xdp::Auto, Xdp::Off, Xdp::Forward] {
        let mut lab = lab();
        native_on_the_uplink(&lab);
        let config = router_between(&[UPLINK], &[UPLINK], lab.names.router_device(), xdp);
        lab.start_router_by(&config).unwrap();
        lab.start_host_a().unwrap();
        lab.start_host_b().unwrap();
        addressed(&lab);
        let before = Stats::read(lab.router().unwrap()).unwrap();
        let (a, b) = (isatap_address(HOST_A), isatap_address(HOST_B));
        let site = &lab.site;
        for (from, to) in [
            (&site.host_a, CORE.to_owned()),
            (&site.core, a.to_string()),
            (&site.host_a, b.to_string()),
        ] {
            let pings = ping(from, &to, 40, 0.02).unwrap();
            assert_eq!(pings.lost(), 0, "{xdp:?}: {} → {to}", from.name());
        }
        let counted = Stats::read(lab.router().unwrap()).unwrap().since(&before);
        let layer = if xdp == Xdp::Auto { "xdp" } else { "tc" };
        for direction in ["in", "out"] {
            let cached = counted.packets(|count| {
                count.layer == layer && count.direction == direction && count.reason == "cached"
            });
            let wanted = if xdp == Xdp::Off && direction == "in" {
                0
            } else {
                60
            };
            assert!(
                cached >= wanted,
                "{xdp:?} {direction}: {:?}",
                counted.lines()
            );
        }
    }
}

/// Frames of 9000 octets, which XDP gets in several pieces, where the kernel can send them on.
#[test]
fn large_frames_pass_in_the_layer_that_is_best() {
    let best = if Release::running() >= Release::REDIRECTS_PIECES {
        "native"
    } else {
        "off"
    };
    large_frames_pass(&[(Xdp::Auto, best)]);
}

#[test]
fn large_frames_pass_in_the_other_layers() {
    large_frames_pass(&[
        (Xdp::Auto, "generic"),
        (Xdp::Off, "off"),
        (Xdp::Forward, "off"),
    ]);
}

fn large_frames_pass(layers: &[(Xdp, &str)]) {
    for (xdp, word) in layers.iter().copied() {
        let mut lab = lab();
        let site = &lab.site;
        for (inside, nic) in [
            (&site.host_a, UPLINK),
            (&site.host_b, UPLINK),
            (&site.core, "to-a"),
            (&site.core, "to-b"),
            (&site.core, "to-router"),
            (&site.router, UPLINK),
            (&site.router, NATIVE),
            (&site.server, UPLINK),
        ] {
            inside.run(&format!("ip link set {nic} mtu 9000")).unwrap();
        }
        let large = |config: String| config.replace("[datapath]", "mtu = 8980\n[datapath]");
        let device = lab.names.router_device();
        let router = router_between(&[UPLINK], &[NATIVE], device, xdp);
        let router = match word {
            "generic" => large(router).replace("\"auto\"", "\"generic\""),
            _ => large(router),
        };
        lab.start_router_by(&router).unwrap();
        lab.start_host_a_by(&large(isatap_tests::config::host(
            lab.names.host_a_device(),
        )))
        .unwrap();
        lab.start_host_b_by(&large(isatap_tests::config::host(
            lab.names.host_b_device(),
        )))
        .unwrap();
        addressed(&lab);
        let status = lab.router().unwrap().json(&["status"]).unwrap();
        let layer = status.pointer("/uplinks/0/xdp");
        assert_eq!(layer.and_then(|layer| layer.as_str()), Some(word));
        let before = Stats::read(lab.router().unwrap()).unwrap();
        let site = &lab.site;
        let a = isatap_address(HOST_A);
        // Payloads of packets of 1300, 3506, 3520 and 8980 octets.
        for size in [1252, 3458, 3472, 8932] {
            for (from, to) in [(&site.host_a, SERVER), (&site.server, a)] {
                let words = format!("-i 0.02 -M do -s {size} {to}");
                let pings = ping_as(from, &words, 10).unwrap();
                assert_eq!(pings.lost(), 0, "{word} {size} {} → {to}", from.name());
            }
        }
        let too_large = format!("ping -n -q -c 1 -W 1 -M do -s 8933 {a}");
        let refused = lab.site.server.output(&too_large).unwrap();
        assert_ne!(refused.code, Some(0), "a packet of 8981 octets");
        let counted = Stats::read(lab.router().unwrap()).unwrap().since(&before);
        println!("{word} {xdp:?}\n{}", counted.lines().join("\n"));
        let layer = if word == "off" { "tc" } else { "xdp" };
        let here = |direction: &str| {
            counted.packets(|count| {
                let forwarded =
                    ["cached", "resolved", "delivered"].contains(&count.reason.as_str());
                count.layer == layer && count.direction == direction && forwarded
            })
        };
        assert!(
            here("in") >= 70 && here("out") >= 70,
            "{word}: {:?}",
            counted.lines()
        );
        steps::throughput(&mut lab, xdp).unwrap();
    }
}
