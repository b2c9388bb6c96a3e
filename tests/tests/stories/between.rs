//! Out of one tunnel and into another, on a router of two sites.

use isatap_ctl::datapath::has_decap_l3;
use isatap_tests::{octets::carry, site::UPLINK};

use super::{instances::other_site, *};

/// Nobody else has it.
const OTHER_HOST: Ipv4Addr = Ipv4Addr::new(10, 3, 0, 2);

/// Of 64 kB.
const BLOCKS: u64 = 128;
/// Large packets that a transfer has at least.
const LARGE: u32 = 20;

/// Large packets, that were sent as they are or gathered on their way, and that the NIC cuts or the kernel does:
/// each has been a tunnel's before it becomes another's.
#[test]
fn octets_of_one_site_arrive_in_another() {
    for xdp in [Xdp::Off, Xdp::Forward] {
        let lab = configured(xdp);
        let other = other_site(&lab, xdp, OTHER_HOST);
        let routers = [lab.router().unwrap(), &other.router];
        let (a, b): (&Inside, &Inside) = (&lab.site.host_a, &other.host);
        for (sent_large, cut_by_nic) in [(true, true), (true, false), (false, false)] {
            let case = format!("{xdp:?}, sent large: {sent_large}, cut by the NIC: {cut_by_nic}");
            let switch = |on| if on { "on" } else { "off" };
            // A virtual NIC gathers what one sent that cannot cut.
            for (node, nic) in [(a, UPLINK), (b, UPLINK), (&*lab.site.core, "to-router")] {
                let words = format!("ethtool -K {nic} tx {}", switch(sent_large));
                node.run(&words).unwrap();
            }
            for nic in [UPLINK, "eth2"] {
                let words = format!("ethtool -K {nic} gro on tx {}", switch(cut_by_nic));
                lab.site.router.run(&words).unwrap();
            }
            assert!(reaches(a, &other.address.to_string()), "{case}");
            let before = routers.map(|router| Stats::read(router).unwrap());
            for (router, from, to, address) in [
                (routers[0], a, b, other.address),
                (routers[1], b, a, isatap_address(HOST_A)),
            ] {
                let device = router.device();
                let words = format!("-c {LARGE} -i {device} greater 3000");
                let log = lab.file(&format!("{device}.large"));
                // Of an earlier case, which would be read as this one's.
                let _ = std::fs::remove_file(&log);
                let mut large = capture(&lab.site.router, &words, &log);
                let carried = carry(from, to, address, BLOCKS);
                carried.unwrap_or_else(|error| panic!("{case}: {error:#}"));
                let seen = large.wait(PATIENCE).unwrap();
                assert!(seen.is_some(), "{case}: few are large: {}", large.printed());
            }
            for (router, before) in routers.into_iter().zip(before) {
                let counted = Stats::read(router).unwrap().since(&before);
                let lines = counted.lines().join("\n");
                println!("{case}\n{lines}");
                assert_eq!(counted.of_reason("failed"), 0, "{case}: {lines}");
                let by_stack = counted.of_reason("tunnelled") > 0;
                assert_eq!(by_stack, !has_decap_l3().unwrap(), "{case}: {lines}");
            }
        }
    }
}
