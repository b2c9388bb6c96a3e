//! Routers that watch each other for contradictions (RFC 4861 section 6.2.7).

use isatap_tests::{
    bare::{BareHost, link_local},
    daemon::Daemon,
    ns::Namespace,
};
use serde_json::Value;

use super::*;

const SECOND: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 2);
const SOON: Duration = PATIENCE;
const SOLICITATION: u8 = 133;
const ADVERTISEMENT: u8 = 134;

/// A router that watches `peers`, with more lines for its only prefix.
fn watching(device: &str, peers: &[Ipv4Addr], more: &str) -> String {
    let peers: Vec<_> = peers.iter().map(ToString::to_string).collect();
    let config = isatap_tests::config::router_of_hosts(device);
    let keys = format!("[router]\npeers = {peers:?}\n[[router.prefix]]");
    config.replace("[[router.prefix]]", &keys) + more
}

/// Its first peer, once that is as wanted.
fn peer(router: &Daemon, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut seen = Value::Null;
    let found = within(SOON, || {
        let status = router.json(&["status"]).ok()?;
        seen = status.pointer("/peers/0")?.clone();
        wanted(&seen).then_some(())
    });
    assert!(found.is_some(), "{seen}\n{}", router.logged());
    seen
}

fn count(router: &Daemon, line: &str) -> usize {
    router.logged().matches(line).count()
}

struct Pair {
    second: Daemon,
    second_node: Namespace,
    lab: Lab,
}

/// The site's router and one more, which list each other; the second has `more` in its file.
fn pair(more: &str) -> Pair {
    let mut lab = lab();
    let second_node = lab.site.join(&lab.names, "second", SECOND).unwrap();
    let device = lab.names.router_device().to_owned();
    lab.start_router_by(&watching(&device, &[SECOND], ""))
        .unwrap();
    let device = lab.names.host_b_device();
    let config = watching(device, &[ROUTER], more);
    let second = lab.start(&second_node, device, &config).unwrap();
    Pair {
        second,
        second_node,
        lab,
    }
}

#[test]
fn two_routers_that_contradict_each_other_say_so_once_until_they_agree() {
    let other = "preferred = \"1d\"\n[[router.prefix]]\nprefix = \"2001:db8:0:9::/64\"\n";
    let mut pair = pair(other);
    let first = pair.lab.router().unwrap();
    let item = "preferred of 2001:db8:0:1::/64";
    for (router, ours, theirs) in [
        (first, "604800 s", "86400 s"),
        (&pair.second, "86400 s", "604800 s"),
    ] {
        let found = peer(router, |peer| peer["differences"][0] != Value::Null);
        let expected = serde_json::json!([{ "item": item, "ours": ours, "theirs": theirs }]);
        assert_eq!(found["differences"], expected);
        assert_eq!(found["state"], "answers");
        assert!(found["lifetime_left"].as_u64().unwrap() > 1700);
        let shown = router.ctl(&["status"]).unwrap();
        assert!(shown.contains("advertised differently"), "{shown}");
        let line = format!("advertises {item}: {theirs}, this one: {ours}");
        assert_eq!(count(router, &line), 1);
    }
    // Packets from one router to the other are a loop (RFC 6324), and the peer configures nothing.
    let entry = first
        .json(&["map", "get", "PRL", &SECOND.to_string()])
        .unwrap();
    assert_eq!(entry["entries"][0]["source"], "static");
    let device = pair.lab.names.router_device();
    let run = |line: String| pair.lab.site.router.run(&line).unwrap();
    assert_eq!(run(format!("ip -6 route show default dev {device}")), "");
    assert!(!run(format!("ip -6 addr show dev {device}")).contains("2001:db8:0:9:"));
    let address = isatap_address(ROUTER).to_string();
    assert!(hears_nothing(&pair.second_node, &address));

    let device = pair.lab.names.host_b_device();
    let same = watching(device, &[ROUTER], "");
    pair.second.configure(&same).unwrap();
    pair.second.reload().unwrap();
    for router in [first, &pair.second] {
        peer(router, |peer| peer["differences"] == serde_json::json!([]));
        let line = format!("no longer contradicts this one: {item}");
        assert_eq!(count(router, &line), 1);
        assert_eq!(count(router, &format!("advertises {item}")), 1);
    }
}

/// As radvd advertises a prefix: it answers by unicast, and knows nothing of us.
fn say_as_radvd(host: &BareHost, peer: Ipv4Addr, flags: u8, valid: u32) {
    let prefix = isatap_tests::site::PREFIX.octets();
    let (valid, preferred) = (valid.to_be_bytes(), 604_800_u32.to_be_bytes());
    let header = [&[64, flags, 0x07, 0x08][..], &[0; 8]].concat();
    let option = [&[3, 4, 64, 0xc0][..], &valid, &preferred, &[0; 4], &prefix];
    let mtu = [5, 1, 0, 0, 0, 0, 0x05, 0xc8];
    let body = [&header[..], &option.concat(), &mtu].concat();
    let inner = Inner::new(host.link_local(), link_local(peer));
    host.say(peer, &inner.icmp(ADVERTISEMENT, 0, &body))
        .unwrap();
}

#[test]
fn another_program_is_watched_as_well_and_peers_come_and_go_by_reload() {
    let mut lab = lab();
    let device = lab.names.router_device().to_owned();
    let alone = isatap_tests::config::router_of_hosts(&device);
    lab.start_router_by(&alone).unwrap();
    let mut other = BareHost::new(&lab.site.host_a, HOST_A).unwrap();
    say_as_radvd(&other, ROUTER, 0x40, 2_592_000);
    let router = lab.router_mut().unwrap();
    router.configure(&watching(&device, &[HOST_A], "")).unwrap();
    router.reload().unwrap();
    let asked = other.hear(SOLICITATION, SOON).unwrap().unwrap();
    assert_eq!(asked.source, link_local(ROUTER));
    assert_eq!(asked.destination, link_local(HOST_A));
    let unheard = peer(router, |peer| peer["ipv4"] == HOST_A.to_string());
    assert_eq!(unheard["state"], "asked");
    assert_eq!(unheard["last_ra_seconds"], Value::Null);

    say_as_radvd(&other, ROUTER, 0x40, 86_400);
    let found = peer(router, |peer| peer["differences"][1] != Value::Null);
    let expected = serde_json::json!([
        { "item": "other", "ours": "false", "theirs": "true" },
        { "item": "valid of 2001:db8:0:1::/64", "ours": "2592000 s", "theirs": "86400 s" },
    ]);
    assert_eq!(found["differences"], expected);
    assert_eq!(
        found["advertised"], 1,
        "what came before it was a peer is not heard"
    );
    say_as_radvd(&other, ROUTER, 0, 2_592_000);
    peer(router, |peer| peer["differences"] == serde_json::json!([]));

    router.configure(&alone).unwrap();
    router.reload().unwrap();
    let status = router.json(&["status"]).unwrap();
    assert_eq!(status.get("peers"), None);
    assert_eq!(status["prl"], serde_json::json!([]));
}

/// What nobody answers is seen within the first questions.
#[test]
fn a_peer_that_does_not_answer_is_silent_until_it_does() {
    let mut lab = lab();
    let device = lab.names.router_device().to_owned();
    let mut other = BareHost::new(&lab.site.host_a, HOST_A).unwrap();
    lab.start_router_by(&watching(&device, &[HOST_A], ""))
        .unwrap();
    let router = lab.router().unwrap();
    let limit = Duration::from_mins(2);
    let silent = within(limit, || {
        let status = router.json(&["status"]).ok()?;
        (status["peers"][0]["state"] == "silent").then_some(())
    });
    assert!(silent.is_some(), "{}", router.logged());
    while let Some(asked) = other.hear(SOLICITATION, Duration::ZERO).unwrap() {
        assert_eq!(asked.source, link_local(ROUTER));
    }
    say_as_radvd(&other, ROUTER, 0, 2_592_000);
    peer(router, |peer| peer["state"] == "answers");
    assert_eq!(count(router, "does not answer solicitations"), 1);
    assert_eq!(count(router, "answers solicitations again"), 1);
}
