//! What an operator lives through, with the real daemon on real packets. Needs root.
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod advertising;
mod behind;
mod between;
mod changes;
mod commands;
mod correspondents;
mod failover;
mod farewell;
mod firewall;
mod flood;
mod forward;
mod fragments;
mod hairpin;
mod hints;
mod instances;
mod life;
mod loops;
mod names;
mod neighbor;
mod others;
mod redirects;
mod refusals;
mod renumbering;
mod reports;
mod resolved;
mod shapes;
mod sides;
mod size;
mod succession;
mod translation;
mod trunk;
mod uplinks;
mod watch;

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use isatap_tests::{
    config::Xdp,
    forge, interrupt,
    lab::Lab,
    names::Names,
    ns::Inside,
    packet::{Inner, Outer},
    pings::{ping, ping_in_vain},
    pins,
    process::Process,
    site::{HOST_A, HOST_B, ROUTER, SERVER, isatap_address},
    stats::Stats,
    steps,
};

/// The controller: the one that `ISATAP_CTL` names, or the one built beside this test.
fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("ISATAP_CTL") {
        return named.into();
    }
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(2).unwrap();
    target.join("isatap-ctl")
}

fn lab() -> Lab {
    Lab::create(Names::unique(), &program()).unwrap()
}

/// A lab in which both hosts have configured themselves.
fn configured(xdp: Xdp) -> Lab {
    let mut lab = lab();
    steps::solicit(&mut lab, xdp).unwrap();
    steps::configure(&mut lab, xdp).unwrap();
    lab
}

/// How long a condition is waited for that a machine with time has fulfilled at once, or after the seconds that
/// an RFC gives it.
const PATIENCE: Duration = Duration::from_secs(30);

fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    interrupt::poll(limit, || Ok(look())).unwrap()
}

/// Waits until both hosts have their addresses.
fn addressed(lab: &Lab) {
    let hosts = [
        (&lab.site.host_a, lab.names.host_a_device(), HOST_A),
        (&lab.site.host_b, lab.names.host_b_device(), HOST_B),
    ];
    for (inside, device, host) in hosts {
        let found = within(PATIENCE, || {
            let addresses = inside.global_addresses(device).ok()?;
            addresses.contains(&isatap_address(host)).then_some(())
        });
        assert!(found.is_some(), "{host} got no address");
    }
}

/// Whether every ping is answered; without a route there are none.
fn reaches(from: &Inside, to: &str) -> bool {
    ping(from, to, 5, 0.05).is_ok_and(|pings| pings.lost() == 0)
}

/// Starts tcpdump, and waits until it listens.
fn capture(inside: &Inside, words: &str, log: &Path) -> Process {
    // For each packet of the ring the kernel keeps as much as the longest may have: by default there are eight.
    let words = format!("tcpdump -l -n --immediate-mode -s 9216 -B 4096 {words}");
    let mut capture = inside.start(&words, log).unwrap();
    let listens = within(PATIENCE, || {
        let is_listening = capture.printed().contains("listening on");
        (is_listening || capture.ended().unwrap().is_some()).then_some(())
    });
    assert!(listens.is_some(), "{}", capture.printed());
    capture
}

/// Whether no ping is answered.
fn hears_nothing(from: &Inside, to: &str) -> bool {
    // Without a route there is none.
    ping_in_vain(from, to, 5, 0.05).unwrap_or_default() == 0
}

#[test]
fn a_site_gets_ipv6_through_xdp() {
    let mut lab = configured(Xdp::Auto);
    steps::reach(&mut lab, Xdp::Auto).unwrap();
    steps::throughput(&mut lab, Xdp::Auto).unwrap();
    steps::layers(&mut lab, Xdp::Auto).unwrap();
    steps::forged(&mut lab, Xdp::Auto).unwrap();
    steps::crash(&mut lab, Xdp::Auto).unwrap();
    steps::status(&mut lab, Xdp::Auto).unwrap();
    steps::counters(&mut lab, Xdp::Auto).unwrap();
}

#[test]
fn a_site_gets_ipv6_through_traffic_control() {
    let mut lab = configured(Xdp::Off);
    steps::reach(&mut lab, Xdp::Off).unwrap();
    steps::layers(&mut lab, Xdp::Off).unwrap();
    steps::forged(&mut lab, Xdp::Off).unwrap();
}

/// XDP and TC see only fragments; the kernel reassembles them and the daemon goes on from there.
#[test]
fn fragments_take_the_slow_path_and_arrive() {
    let lab = configured(Xdp::Auto);
    let router = lab.router().unwrap();
    let before = Stats::read(router).unwrap();
    let request = Inner::new(isatap_address(HOST_B), SERVER).echo_request(7, 1, &[5; 200]);
    let outer = Outer::new(HOST_B, ROUTER).identification(77);
    let mut fragments = outer.fragments(&request.packet().unwrap(), 128).unwrap();
    assert!(fragments.len() > 1);
    fragments.reverse();
    for fragment in &fragments {
        forge::send(&lab.site.host_b, ROUTER, fragment).unwrap();
    }
    let since = || Stats::read(router).unwrap().since(&before);
    let delivered = within(PATIENCE, || {
        let user = since().packets(|count| count.layer == "user" && count.reason == "delivered");
        (user == 1).then_some(())
    });
    delivered.expect("the slow path delivered nothing");
    assert_eq!(
        since().of_reason("fragment"),
        2 * fragments.len() as u64,
        "counted by XDP and TC"
    );
    let answered = within(PATIENCE, || {
        let answers = since().packets(|count| {
            count.direction == "out" && ["resolved", "cached"].contains(&count.reason.as_str())
        });
        (answers >= 1).then_some(())
    });
    assert!(answered.is_some(), "the server's answer went back");
}

/// Attached without XDP, whatever this kernel offers for that.
#[test]
fn a_killed_daemon_loses_no_packet_in_traffic_control() {
    let mut lab = configured(Xdp::Off);
    steps::flows_on(&mut lab).unwrap();
}

#[test]
fn the_pins_are_readable_with_bpftool_by_field_name() {
    let lab = configured(Xdp::Auto);
    let device = lab.names.router_device();
    for (map, field) in [
        ("CONFIG", "generation"),
        ("LOCATORS", "ifindex"),
        ("PREFIXES", "deadline"),
        ("KNOWN_IPV4", "standing"),
        ("COUNTERS", "packets"),
        ("NEXT_HOPS", "macs"),
    ] {
        let output = Command::new("bpftool")
            .args(["-j", "map", "dump", "pinned"])
            .arg(pins::map(device, map).unwrap())
            .output()
            .unwrap();
        let dumped = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && dumped.contains(&format!("\"{field}\"")),
            "{map}"
        );
    }
}
