//! Which program a NIC has is a matter of the side that it is on.

use isatap_tests::{
    config::router_between,
    links::{self, Link},
    site::{NATIVE, UPLINK},
};

use super::{
    life::{none_is_lost, start_pings},
    *,
};

/// The router's native IPv6 address on its uplink.
const ON_UPLINK: &str = "2001:db8:e::2";

/// What is attached to a NIC of the router.
fn on(lab: &Lab, nic: &str) -> Link {
    let shown = lab.site.router.run(&format!("ip -o link show {nic}"));
    let shown = shown.unwrap();
    let (index, _) = shown.split_once(':').unwrap();
    let name = format!("link_xdp_{index}");
    let mut found = links::of(lab.names.router_device()).unwrap().into_iter();
    found.find(|link| link.name == name).unwrap()
}

fn reload(lab: &mut Lab, uplinks: &[&str], native: &[&str]) {
    let device = lab.names.router_device().to_owned();
    let router = lab.router_mut().unwrap();
    let config = router_between(uplinks, native, &device, Xdp::Auto);
    router.configure(&config).unwrap();
    router.reload().unwrap();
}

#[test]
fn a_nic_that_changes_its_side_by_reload_loses_no_ping() {
    let mut lab = configured(Xdp::Auto);
    let before = [UPLINK, NATIVE].map(|nic| on(&lab, nic));
    assert_ne!(before[0].program, before[1].program);
    let pings = start_pings(&lab, HOST_A);
    for _ in 0..5 {
        for (uplinks, native) in [
            (&[UPLINK][..], &[UPLINK, NATIVE][..]),
            (&[UPLINK, NATIVE], &[NATIVE]),
        ] {
            reload(&mut lab, uplinks, native);
            let changed = usize::from(uplinks.len() > 1);
            let found = [UPLINK, NATIVE].map(|nic| on(&lab, nic));
            assert_eq!(
                found.each_ref().map(|link| link.id),
                before.each_ref().map(|link| link.id)
            );
            for (nic, (found, before)) in found.iter().zip(&before).enumerate() {
                let is_other = found.program != before.program;
                assert_eq!(is_other, nic == changed, "{uplinks:?} {native:?}");
            }
        }
    }
    reload(&mut lab, &[UPLINK], &[NATIVE]);
    assert_eq!([UPLINK, NATIVE].map(|nic| on(&lab, nic)), before);
    pings.are_answered(50).unwrap();
    none_is_lost(&lab, pings);
}

/// The kernel has it; after a reload that makes the NIC one of both sides XDP has.
#[test]
fn native_ipv6_on_an_uplink_is_passed() {
    let mut lab = configured(Xdp::Auto);
    shapes::native_on_the_uplink(&lab);
    let host = isatap_address(HOST_A).to_string();
    let outward = |lab: &Lab| {
        let before = Stats::read(lab.router().unwrap()).unwrap();
        let pings = ping(&lab.site.core, &host, 40, 0.02).unwrap();
        assert_eq!(pings.lost(), 0);
        let counted = Stats::read(lab.router().unwrap()).unwrap().since(&before);
        counted.packets(|count| count.layer == "xdp" && count.direction == "out")
    };
    assert!(reaches(&lab.site.core, ON_UPLINK));
    assert_eq!(outward(&lab), 0);
    reload(&mut lab, &[UPLINK], &[UPLINK, NATIVE]);
    assert!(reaches(&lab.site.core, ON_UPLINK));
    assert!(outward(&lab) >= 40);
}
