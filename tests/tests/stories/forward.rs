//! Traffic control forwards from NIC to NIC, on a router whose NICs have no XDP.

use aya::programs::{ProgramInfo, SchedClassifier, TcAttachType};

use super::*;

use isatap_tests::pings::start_ping;
use isatap_tests::site::{NATIVE, UPLINK};
use isatap_tests::traffic::{Amount, Way, gigabits, tcp};

/// Pings, large packets of TCP, and what must not pass.
#[test]
fn a_site_gets_ipv6_by_forwarding_in_traffic_control() {
    let mut lab = configured(Xdp::Forward);
    assert_eq!(modes(&lab), [Some("forward"), Some("forward")]);
    steps::reach(&mut lab, Xdp::Forward).unwrap();
    steps::forged(&mut lab, Xdp::Forward).unwrap();
    let cached = layers(&mut lab);
    assert!(cached > 1000, "one packet a segment");
    lab.site.finish_checksums(false).unwrap();
    layers(&mut lab);
    steps::flows_on(&mut lab).unwrap();
}

/// As with NICs that gather what they receive and cannot cut what they send.
#[test]
fn large_packets_are_forwarded_at_once_and_cut_on_their_way_out() {
    let lab = configured(Xdp::Forward);
    lab.site.finish_checksums(false).unwrap();
    for nic in [UPLINK, NATIVE] {
        let router = &lab.site.router;
        router.run(&format!("ethtool -K {nic} tx off")).unwrap();
    }
    let server = SERVER.to_string();
    for (way, nic) in [(Way::Upload, UPLINK), (Way::Download, NATIVE)] {
        let large = format!("-c 100 -i {nic} greater 3000");
        let log = lab.file(&format!("large-{nic}.log"));
        let mut gathered = capture(&lab.site.router, &large, &log);
        let before = Stats::read(lab.router().unwrap()).unwrap();
        let (from, to) = (&lab.site.host_a, &lab.site.server);
        let log = lab.file("iperf3.log");
        let rate = tcp(from, to, &server, way, Amount::Octets(200_000_000), &log).unwrap();
        let counted = Stats::read(lab.router().unwrap()).unwrap().since(&before);
        let lines = counted.lines().join("\n");
        println!("{way:?}: {}\n{lines}", gigabits(rate));
        let cached = counted.of_reason("cached");
        // So many segments are in it.
        assert!(cached > 130_000, "{lines}");
        let damaged = counted.of_reason("failed") + counted.of_reason("too_big");
        assert_eq!(damaged, 0, "{lines}");
        let seen = gathered.wait(PATIENCE).unwrap();
        assert!(seen.is_some(), "none was large: {}", gathered.printed());
    }
}

#[test]
fn a_reload_changes_what_traffic_control_does_without_losing_a_ping() {
    let mut lab = configured(Xdp::Off);
    let log = lab.file("reload.log");
    let (server, host) = (&lab.site.server, isatap_address(HOST_A));
    let pings = start_ping(server, host, &log).unwrap();
    let changes = [
        (Xdp::Forward, Some("forward")),
        (Xdp::Off, None),
        (Xdp::Forward, Some("forward")),
        (Xdp::Off, None),
    ];
    for (xdp, mode) in changes {
        pings.are_answered(50).unwrap();
        reconfigure(&mut lab, xdp);
        assert_eq!(modes(&lab), [mode, mode]);
    }
    let pings = pings.end().unwrap();
    // Without TCX a queueing discipline comes or goes each time, and the kernel stops the NIC for that moment: a request
    // and an answer may be on their way.
    let unavoidable = if has_tcx(&lab) { 0 } else { 2 * changes.len() };
    assert!(pings.lost() as usize <= unavoidable, "{pings}");
    let forwarded = Stats::read(lab.router().unwrap()).unwrap();
    let inwards = forwarded.packets(|count| {
        count.direction == "in" && count.layer == "tc" && count.reason == "cached"
    });
    assert!(inwards > 0, "{:?}", forwarded.lines());
}

/// Before the program that takes what it leaves, which stays where it is.
#[test]
fn down_leaves_no_program_that_forwards() {
    let mut lab = configured(Xdp::Forward);
    let device = lab.names.router_device().to_owned();
    carries(&lab, UPLINK, &["isatap_forward", "isatap_in"]);
    carries(&lab, NATIVE, &["isatap_forward"]);
    reconfigure(&mut lab, Xdp::Off);
    carries(&lab, UPLINK, &["isatap_in"]);
    carries(&lab, NATIVE, &[]);
    reconfigure(&mut lab, Xdp::Forward);
    carries(&lab, UPLINK, &["isatap_forward", "isatap_in"]);
    lab.router_mut().unwrap().down().unwrap();
    for nic in [UPLINK, NATIVE] {
        carries(&lab, nic, &[]);
        let shown = format!("tc qdisc show dev {nic} clsact");
        assert_eq!(lab.site.router.run(&shown).unwrap(), "");
    }
    assert!(!Path::new("/sys/fs/bpf/isatap").join(&device).exists());
}

/// The kernel frees a link a moment after the last that held it.
fn carries(lab: &Lab, nic: &str, wanted: &[&str]) {
    let mut found = Vec::new();
    let is_so = within(PATIENCE, || {
        found = attached(lab, nic);
        (found == wanted).then_some(())
    });
    assert!(is_so.is_some(), "{nic}: {found:?}, not {wanted:?}");
}

/// The names of the programs on ingress of a NIC of the router, in their order.
pub(super) fn attached(lab: &Lab, nic: &str) -> Vec<String> {
    let router = &lab.site.router;
    let ingress = || Ok(SchedClassifier::query_tcx(nic, TcAttachType::Ingress)?);
    if let Ok((_, programs)) = router.enter(ingress) {
        let name = |program: &ProgramInfo| program.name_as_str().unwrap().to_owned();
        return programs.iter().map(name).collect();
    }
    // Before Linux 6.6 they are filters.
    let filters = router
        .run(&format!("tc filter show dev {nic} ingress"))
        .unwrap();
    let words = filters.split_whitespace();
    let named = words.filter(|word| word.starts_with("isatap_"));
    let mut found: Vec<_> = named.map(str::to_owned).collect();
    // Once for the filter and once for its program.
    found.dedup();
    found
}

fn has_tcx(lab: &Lab) -> bool {
    let ingress = || Ok(SchedClassifier::query_tcx(UPLINK, TcAttachType::Ingress)?);
    lab.site.router.enter(ingress).is_ok()
}

/// What `status` says of traffic control on the uplink and on the native NIC.
fn modes(lab: &Lab) -> [Option<&'static str>; 2] {
    let status = lab.router().unwrap().json(&["status"]).unwrap();
    ["/uplinks/0", "/links/0"].map(|at| {
        let nic = status.pointer(at).unwrap();
        assert_eq!(nic["xdp"], "off");
        nic.get("tc").map(|mode| {
            assert_eq!(mode, "forward");
            "forward"
        })
    })
}

fn reconfigure(lab: &mut Lab, xdp: Xdp) {
    let config = isatap_tests::config::router(lab.names.router_device(), xdp);
    let router = lab.router_mut().unwrap();
    router.configure(&config).unwrap();
    router.reload().unwrap();
}

/// A transfer that goes from NIC to NIC but for single packets; how many were in the cache.
fn layers(lab: &mut Lab) -> u64 {
    let cached = |lab: &Lab| {
        Stats::read(lab.router().unwrap())
            .unwrap()
            .of_reason("cached")
    };
    let before = cached(lab);
    let lines = steps::layers(lab, Xdp::Forward).unwrap();
    println!("{}", lines.join("\n"));
    cached(lab) - before
}
