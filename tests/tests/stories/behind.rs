//! A network behind a host of the link.

use std::net::Ipv6Addr;

use super::*;

/// What host b has behind it.
const BEHIND: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0x100, 0, 0, 0, 1);
const MAPPING: &str = "[[router.mapping]]\nprefix = \"2001:db8:0:100::/56\"\nvia = \"10.2.0.2\"\n";

/// Both ways, through both fast paths and the stack, from nobody else, and not after a reload that
/// takes it back.
#[test]
fn a_prefix_behind_a_host_is_reached_while_it_is_configured() {
    for xdp in [Xdp::Auto, Xdp::Off, Xdp::Forward] {
        let mut lab = configured(xdp);
        let host_b = &lab.site.host_b;
        host_b
            .run(&format!("ip addr add {BEHIND}/128 dev lo"))
            .unwrap();
        let plain = isatap_tests::config::router(lab.names.router_device(), xdp);
        let to = BEHIND.to_string();
        assert!(
            hears_nothing(&lab.site.server, &to),
            "nobody has said where it is"
        );

        reload(&mut lab, &format!("{plain}{MAPPING}"));
        let way = "via fe80::5efe:a02:2 dev";
        assert!(routes(&lab).contains(way), "{}", routes(&lab));
        let status = lab.router().unwrap().json(&["status"]).unwrap();
        assert_eq!(status["mappings"][0]["prefix"], "2001:db8:0:100::/56");
        assert_eq!(status["mappings"][0]["via"], HOST_B.to_string());
        let dumped = lab
            .router()
            .unwrap()
            .ctl(&["map", "dump", "ROUTES"])
            .unwrap();
        assert!(dumped.contains("2001:db8:0:100::/56"), "{dumped}");
        assert!(reaches(&lab.site.server, &to), "{xdp:?}");
        is_taken_from_its_host_alone(&lab);

        reload(&mut lab, &plain);
        assert!(!routes(&lab).contains(way));
        let status = lab.router().unwrap().json(&["status"]).unwrap();
        assert_eq!(status["mappings"].as_array(), None);
        assert!(hears_nothing(&lab.site.server, &to));
    }
}

/// `hairpin = false` is about prefixes behind hosts as well, which the address does not show.
#[test]
fn without_hairpin_a_host_does_not_reach_what_is_behind_another() {
    for xdp in [Xdp::Auto, Xdp::Off] {
        let mut lab = configured(xdp);
        let host_b = &lab.site.host_b;
        host_b
            .run(&format!("ip addr add {BEHIND}/128 dev lo"))
            .unwrap();
        let plain = isatap_tests::config::router(lab.names.router_device(), xdp);
        let plain = plain.replace("[datapath]", "[datapath]\nhairpin = false");
        reload(&mut lab, &format!("{plain}{MAPPING}"));
        let before = Stats::read(lab.router().unwrap()).unwrap();
        assert!(reaches(&lab.site.server, &BEHIND.to_string()));
        assert!(hears_nothing(&lab.site.host_a, &BEHIND.to_string()));
        let counted = Stats::read(lab.router().unwrap()).unwrap().since(&before);
        assert_eq!(counted.of_reason("hairpin_refused"), 5);
    }
}

fn reload(lab: &mut Lab, config: &str) {
    let router = lab.router_mut().unwrap();
    router.configure(config).unwrap();
    router.reload().unwrap();
}

fn routes(lab: &Lab) -> String {
    lab.site.router.run("ip -6 route").unwrap()
}

/// Host a says that its packet is from behind host b.
fn is_taken_from_its_host_alone(lab: &Lab) {
    let before = Stats::read(lab.router().unwrap()).unwrap();
    let inner = Inner::new(BEHIND, SERVER).echo_request(1, 1, b"forged");
    let outer = Outer::new(HOST_A, ROUTER);
    let packet = outer.packet(&inner.packet().unwrap()).unwrap();
    forge::send(&lab.site.host_a, ROUTER, &packet).unwrap();
    let dropped = within(PATIENCE, || {
        let since = Stats::read(lab.router().unwrap()).unwrap().since(&before);
        (since.of_reason("src_mismatch") == 1).then_some(())
    });
    assert!(dropped.is_some());
}
