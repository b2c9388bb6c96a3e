//! A router on a host's own network that ARP does not find any more.

use isatap_tests::{
    daemon::Daemon,
    ns::Namespace,
    site::{UPLINK, wire},
};

use super::*;

/// Beside host a, on a NIC of its own.
const BESIDE: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 2);
const NIC: &str = "eth2";

/// A host with a router that it uses behind the core, and one beside it that stands by.
struct Neighbours {
    host: Daemon,
    _beside: Daemon,
    node: Namespace,
    lab: Lab,
}

impl Neighbours {
    fn new() -> Self {
        let mut lab = lab();
        let node = Namespace::create(&lab.names.namespace("beside")).unwrap();
        wire((&lab.site.host_a, NIC), (&node, UPLINK)).unwrap();
        for (inside, line) in [
            (
                &*lab.site.host_a,
                "ip addr add 10.7.0.1/24 dev eth2".to_owned(),
            ),
            (&node, format!("ip addr add {BESIDE}/24 dev {UPLINK}")),
            (&node, format!("ip route add {HOST_A} via 10.7.0.1")),
        ] {
            inside.run(&line).unwrap();
        }
        lab.start_router(Xdp::Auto).unwrap();
        // Host b stays away, and its device name is free.
        let device = lab.names.host_b_device();
        let config = isatap_tests::config::router_of_hosts(device);
        let standby = format!("{config}\n[router]\npreference = \"low\"\n");
        let beside = lab.start(&node, device, &standby).unwrap();
        let device = lab.names.host_a_device();
        let config = isatap_tests::config::host(device)
            .replace(
                &format!("\"{ROUTER}\""),
                &format!("\"{ROUTER}\", \"{BESIDE}\""),
            )
            .replace("[\"eth0\"]", "[\"eth0\", \"eth2\"]");
        let host = lab.start(&lab.site.host_a, device, &config).unwrap();
        let this = Self {
            host,
            _beside: beside,
            node,
            lab,
        };
        assert_eq!(
            this.becomes("reachable"),
            Some(()),
            "{}",
            this.host.logged()
        );
        this
    }

    fn state(&self) -> String {
        let listed = self.host.json(&["prl", "list"]).unwrap();
        let list = listed.get("prl").unwrap().as_array().unwrap();
        let is_beside = |entry: &&serde_json::Value| {
            entry.get("ipv4").unwrap().as_str() == Some(&BESIDE.to_string())
        };
        let entry = list.iter().find(is_beside).unwrap();
        let state = entry.get("reachability").unwrap();
        state.as_str().unwrap().to_owned()
    }

    fn becomes(&self, state: &str) -> Option<()> {
        within(PATIENCE, || (self.state() == state).then_some(()))
    }

    fn says_arp_failed(&self) -> bool {
        let logged = self.host.logged();
        logged.contains(&format!("router {BESIDE} does not answer ARP"))
    }

    fn on_host(&self, words: &str) {
        // Whether it is answered does not matter.
        self.lab.site.host_a.output(words).unwrap();
    }
}

/// Nothing flows through it, so nothing but ARP, which asks for whoever sends to it, tells.
#[test]
fn a_router_beside_a_host_that_arp_does_not_find_is_probed_and_given_up() {
    let site = Neighbours::new();
    site.node
        .run(&format!(
            "ip link set {UPLINK} arp off address 02:00:00:00:00:99"
        ))
        .unwrap();
    assert_ne!(site.state(), "unreachable");
    assert!(!site.says_arp_failed());
    site.on_host(&format!("ip neigh del {BESIDE} dev {NIC}"));
    site.on_host(&format!("ping -n -c 1 -W 5 {BESIDE}"));
    assert_eq!(
        site.becomes("unreachable"),
        Some(()),
        "{}",
        site.host.logged()
    );
    assert!(site.says_arp_failed());
    let gone = format!("router {BESIDE} does not answer");
    assert!(site.host.logged().lines().any(|line| line.ends_with(&gone)));
}

/// A hint is no proof: one that answers stays what it was.
#[test]
fn a_failure_of_arp_alone_does_not_end_a_router_that_answers() {
    let site = Neighbours::new();
    for _ in 0..3 {
        site.on_host(&format!("ping -n -c 1 -W 1 {BESIDE}"));
        site.on_host(&format!("ip neigh change {BESIDE} dev {NIC} nud failed"));
        interrupt::sleep(Duration::from_secs(2)).unwrap();
    }
    let said = within(PATIENCE, || site.says_arp_failed().then_some(()));
    assert!(said.is_some(), "{}", site.host.logged());
    assert_eq!(site.becomes("reachable"), Some(()));
    let gone = format!("router {BESIDE} does not answer");
    assert!(!site.host.logged().lines().any(|line| line.ends_with(&gone)));
}
