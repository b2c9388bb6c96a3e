//! Two hosts that speak to each other directly, of which one vanishes and comes back.

use isatap_tests::process::Process;
use nix::sys::signal::Signal;

use super::*;

/// A few seconds are meant; time alone does not decide.
const LIMIT: Duration = Duration::from_secs(30);

/// What `neigh` on host a says of host b.
fn state(lab: &Lab) -> String {
    let listed = lab.host_a().unwrap().json(&["neigh"]).unwrap();
    let neighbors = listed.get("neighbors").unwrap().as_array().unwrap();
    let text = |neighbor: &serde_json::Value, field| {
        let value = neighbor.get(field).unwrap().as_str().unwrap();
        value.to_owned()
    };
    let mut found = neighbors.iter();
    let found = found.find(|neighbor| text(neighbor, "ipv4") == HOST_B.to_string());
    found.map_or_else(String::new, |neighbor| text(neighbor, "reachability"))
}

fn becomes(lab: &Lab, wanted: &str) -> Duration {
    let start = Instant::now();
    let is_so = within(LIMIT, || (state(lab) == wanted).then_some(()));
    assert!(is_so.is_some(), "{} and not {wanted}", state(lab));
    start.elapsed()
}

/// Host a pings host b five times a second.
fn start_pings(lab: &Lab, name: &str) -> Process {
    let words = format!("ping -n -i 0.2 -W 1 {}", isatap_address(HOST_B));
    lab.site.host_a.start(&words, &lab.file(name)).unwrap()
}

fn ended(mut pings: Process) -> String {
    pings.signal(Signal::SIGINT).unwrap();
    pings.wait(LIMIT).unwrap().unwrap();
    pings.printed()
}

/// The core loses what is sent to host b, or does so no more, and says nothing.
fn lose(lab: &Lab, verb: &str) {
    let words = format!("ip route {verb} blackhole {HOST_B}/32");
    lab.site.core.run(&words).unwrap();
}

#[test]
fn a_peer_that_vanishes_is_unreachable_within_seconds_and_comes_back() {
    let lab = configured(Xdp::Auto);
    let b = isatap_address(HOST_B).to_string();
    assert!(reaches(&lab.site.host_a, &b));
    let pings = start_pings(&lab, "vanished");
    interrupt::sleep(Duration::from_secs(2)).unwrap();
    assert_ne!(state(&lab), "unreachable");
    lose(&lab, "add");
    let vanished = becomes(&lab, "unreachable");
    let start = Instant::now();
    let told = within(LIMIT, || {
        pings
            .printed()
            .contains("Address unreachable")
            .then_some(())
    });
    assert!(told.is_some(), "{}", pings.printed());
    let told = start.elapsed();
    let shown = lab.host_a().unwrap().ctl(&["neigh"]).unwrap();
    assert!(shown.contains("unreachable"), "{shown}");
    // The default router takes part in this no more than before.
    assert!(reaches(&lab.site.host_a, &SERVER.to_string()));
    lose(&lab, "del");
    let back = becomes(&lab, "reachable");
    let answered = within(LIMIT, || reaches(&lab.site.host_a, &b).then_some(()));
    assert!(answered.is_some());
    println!(
        "unreachable after {vanished:.1?}, the sender told {told:.1?} later; reachable {back:.1?} after it is back"
    );
    ended(pings);
}

/// Packets that nothing answers flow on, because the peer answers when it is asked.
#[test]
fn a_peer_that_only_listens_loses_nothing() {
    let lab = configured(Xdp::Auto);
    let b = isatap_address(HOST_B);
    assert!(reaches(&lab.site.host_a, &b.to_string()));
    for line in [
        "nft add table ip6 mute",
        "nft add chain ip6 mute out { type filter hook output priority 0 ; }",
        "nft add rule ip6 mute out icmpv6 type echo-reply drop",
    ] {
        lab.site.host_b.run(line).unwrap();
    }
    let heard = lab.file("heard");
    let mut listener = capture(&lab.site.host_b, "-i any icmp6 and ip6[40] = 128", &heard);
    let pings = start_pings(&lab, "unanswered");
    let asked = becomes(&lab, "reachable");
    interrupt::sleep(Duration::from_secs(6)).unwrap();
    assert_ne!(state(&lab), "unreachable");
    let printed = ended(pings);
    assert!(!printed.contains("unreachable"), "{printed}");
    let summary = printed.lines().find(|line| line.contains("transmitted"));
    let sent = summary.and_then(|line| line.split(' ').next()).unwrap();
    let sent: usize = sent.parse().unwrap();
    let all = within(LIMIT, || (requests(&listener) + 1 >= sent).then_some(()));
    println!(
        "asked and answered after {asked:.1?}; {sent} sent, {} heard",
        requests(&listener)
    );
    listener.signal(Signal::SIGINT).unwrap();
    listener.wait(LIMIT).unwrap().unwrap();
    assert!(all.is_some(), "{printed}");
}

/// How many echo requests it has seen.
fn requests(listener: &Process) -> usize {
    let captured = listener.printed();
    let requests = captured
        .lines()
        .filter(|line| line.contains("echo request"));
    let mut numbers: Vec<_> = requests
        .filter_map(|line| line.split("seq ").nth(1)?.split(',').next())
        .collect();
    numbers.dedup();
    numbers.len()
}
