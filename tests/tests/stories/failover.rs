//! A host with two routers, of which one dies and comes back.

use std::net::Ipv6Addr;

use isatap_tests::daemon::Daemon;
use isatap_tests::ns::Namespace;
use isatap_tests::site::PREFIX;
use isatap_tests::traffic::Outage;

use super::*;

/// Its address is the lower one, so that preference alone puts it second.
const SECOND: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 2);
const SECOND_NATIVE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 0xfe);
const SERVER_SECOND: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 1);
/// Pings a second, if the machine has time for so many.
const RATE: u32 = 100;
/// How long a dead router may be missed.
const FOUR_SECONDS: Duration = Duration::from_secs(4);

/// Two routers of the product between the site and the server, and a host that knows both.
struct Pair {
    host: Daemon,
    second: Daemon,
    _second_node: Namespace,
    lab: Lab,
}

impl Pair {
    fn new() -> Self {
        let mut lab = lab();
        let second_node = lab.site.join(&lab.names, "second", SECOND).unwrap();
        lab.site
            .connect_to_server(&second_node, SECOND_NATIVE, SERVER_SECOND)
            .unwrap();
        let to_server = format!("ip -6 route add {SERVER} via {SERVER_SECOND}");
        second_node.run(&to_server).unwrap();
        lab.start_router(Xdp::Auto).unwrap();
        let preferred = config(lab.names.router_device(), "high");
        let router = lab.router_mut().unwrap();
        router.configure(&preferred).unwrap();
        router.reload().unwrap();
        // Host b stays away, and its device name is free.
        let device = lab.names.host_b_device();
        let second = start(&lab, &second_node, device, &config(device, "medium"));
        let device = lab.names.host_a_device();
        let host = isatap_tests::config::host(device);
        let one = format!("[\"{ROUTER}\"]");
        let host = host.replace(&one, &format!("[\"{ROUTER}\", \"{SECOND}\"]"));
        let host = start(&lab, &lab.site.host_a, device, &host);
        let pair = Self {
            host,
            second,
            _second_node: second_node,
            lab,
        };
        for router in [ROUTER, SECOND] {
            pair.becomes(router, "reachable", Duration::from_secs(15));
        }
        assert!(pair.uses(ROUTER));
        pair
    }

    /// The server's side learns at once, as from a routing protocol.
    fn answers_go_by(&self, native: Ipv6Addr) {
        let words = format!("ip -6 route replace {PREFIX}/64 via {native}");
        self.lab.site.server.run(&words).unwrap();
    }

    /// The core loses, or loses no more, what is sent to the first router, and says nothing.
    fn lose(&self, lose: bool) {
        let verb = if lose { "add" } else { "del" };
        let words = format!("ip route {verb} blackhole {ROUTER}/32");
        self.lab.site.core.run(&words).unwrap();
    }

    /// The core refuses, or refuses no more, what is sent to the first router, and says so.
    fn refuse(&self, refuse: bool) {
        let verb = if refuse { "add" } else { "del" };
        let words = format!("ip route {verb} unreachable {ROUTER}/32");
        self.lab.site.core.run(&words).unwrap();
    }

    /// Whether the one default route leads to the router, at either of its addresses.
    fn uses(&self, router: Ipv4Addr) -> bool {
        let device = self.lab.names.host_a_device();
        let words = format!("ip -6 route show default dev {device}");
        let shown = self.lab.site.host_a.run(&words).unwrap();
        let (high, low) = (router.to_bits() >> 16, router.to_bits() & 0xffff);
        shown.lines().count() == 1 && shown.contains(&format!(":5efe:{high:x}:{low:x} "))
    }

    fn becomes(&self, router: Ipv4Addr, state: &str, limit: Duration) {
        let mut seen = String::new();
        let is_so = within(limit, || {
            let listed = self.host.json(&["prl", "list"]).unwrap();
            let entries = listed
                .pointer("/prl")
                .and_then(|prl| prl.as_array())
                .unwrap();
            let entry = entries
                .iter()
                .find(|entry| entry["ipv4"] == router.to_string())
                .unwrap();
            seen = entry.to_string();
            (entry["reachability"] == state).then_some(())
        });
        assert!(is_so.is_some(), "{router} is not {state}: {seen}");
    }

    /// A hundred pings a second to the server while something happens after a second and a half.
    fn under_pings(&mut self, name: &str, seconds: u32, event: impl FnOnce(&mut Self)) -> Outage {
        let log = self.lab.file(&format!("{name}.log"));
        let count = seconds * RATE;
        let words = format!("ping -n -D -i 0.01 -c {count} -W 1 {SERVER}");
        let mut pings = self.lab.site.host_a.start(&words, &log).unwrap();
        interrupt::sleep(Duration::from_millis(1500)).unwrap();
        event(self);
        let limit = Duration::from_secs(u64::from(seconds) * 3);
        pings.wait(limit).unwrap().unwrap();
        let outage = Outage::parse(&pings.printed()).unwrap();
        println!("{name}: {outage:?}");
        outage
    }
}

fn start(lab: &Lab, inside: &Inside, device: &str, config: &str) -> Daemon {
    let file = lab.file("any");
    Daemon::start(&program(), inside, device, config, file.parent().unwrap()).unwrap()
}

fn config(device: &str, preference: &str) -> String {
    let config = isatap_tests::config::router(device, Xdp::Auto);
    config.replace(
        "[router]",
        &format!("[router]\npreference = \"{preference}\""),
    )
}

/// Preferred though its address is the higher one; replaced when it dies, and taken back when it
/// answers again.
#[test]
fn a_dead_router_is_replaced_within_four_seconds_and_taken_back_without_loss() {
    let mut pair = Pair::new();
    let died = pair.under_pings("died", 9, |pair| {
        pair.lose(true);
        pair.answers_go_by(SECOND_NATIVE);
    });
    assert!(died.lost > 0 && died.time <= FOUR_SECONDS, "{died:?}");
    assert!(pair.uses(SECOND));
    pair.becomes(ROUTER, "unreachable", Duration::ZERO);
    let back = pair.under_pings("back", 22, |pair| pair.lose(false));
    assert_eq!(back.lost, 0, "{back:?}");
    assert!(pair.uses(ROUTER));
    // Now the answers come by the other router, so the first is never heard from but by its own.
    let silent = pair.under_pings("died unheard", 9, |pair| pair.lose(true));
    assert!(silent.lost > 0 && silent.time <= FOUR_SECONDS, "{silent:?}");
    assert!(pair.uses(SECOND));
}

/// It does not know to whom to say farewell.
fn go_in_silence(router: &mut Daemon) {
    router.stop().unwrap();
    std::fs::remove_file(pins::map(router.device(), "CLIENTS").unwrap()).unwrap();
    router.down().unwrap();
}

/// RFC 4861 section 6.2.5: the router said that it ceases.
#[test]
fn a_router_taken_down_is_left_at_its_last_word() {
    let mut pair = Pair::new();
    pair.answers_go_by(SECOND_NATIVE);
    let taken = pair.under_pings("said farewell", 6, |pair| {
        pair.lab.router_mut().unwrap().down().unwrap();
    });
    assert!(taken.time < Duration::from_secs(2), "{taken:?}");
    assert!(pair.uses(SECOND));
}

/// A machine that says it cannot take packets, and one whose place nobody can take.
#[test]
fn a_router_taken_down_is_replaced_and_one_alone_stays() {
    let mut pair = Pair::new();
    pair.answers_go_by(SECOND_NATIVE);
    let taken = pair.under_pings("taken down", 9, |pair| {
        go_in_silence(pair.lab.router_mut().unwrap());
    });
    assert!(taken.lost > 0 && taken.time <= FOUR_SECONDS, "{taken:?}");
    assert!(pair.uses(SECOND));
    go_in_silence(&mut pair.second);
    let words = format!("ping -n -q -i 0.1 -c 60 -W 1 {SERVER}");
    pair.lab.site.host_a.output(&words).unwrap();
    pair.becomes(SECOND, "unreachable", Duration::from_secs(2));
    let device = pair.lab.names.host_a_device();
    let words = format!("ip -6 route show default dev {device}");
    let shown = pair.lab.site.host_a.run(&words).unwrap();
    assert_eq!(
        shown.lines().count(),
        1,
        "one is tried in any case: {shown}"
    );
}

/// The kernel of a router that does not forward answers that it is none (RFC 4861 section 7.2.5).
#[test]
fn a_router_that_stops_forwarding_is_left_at_its_first_answer() {
    let mut pair = Pair::new();
    pair.answers_go_by(SECOND_NATIVE);
    let stopped = pair.under_pings("stopped forwarding", 6, |pair| {
        let device = pair.lab.names.router_device();
        let off = format!("net.ipv6.conf.{device}.forwarding=0");
        pair.lab.site.router.sysctl(&[&off]).unwrap();
    });
    assert!(stopped.time < Duration::from_secs(2), "{stopped:?}");
    assert!(pair.uses(SECOND));
    assert!(pair.host.logged().contains("is no router any more"));
}

/// The IPv4 router in front of a router that is gone may say so; then there is no silence to wait for.
#[test]
fn errors_of_an_ipv4_router_bring_the_change_forward() {
    let mut pair = Pair::new();
    pair.answers_go_by(SECOND_NATIVE);
    let silent = pair.under_pings("silent", 9, |pair| pair.lose(true));
    assert!(pair.uses(SECOND));
    pair.under_pings("back", 22, |pair| pair.lose(false));
    assert!(pair.uses(ROUTER));
    let told = pair.under_pings("told", 9, |pair| pair.refuse(true));
    assert!(pair.uses(SECOND));
    assert!(
        pair.host
            .logged()
            .contains("is unreachable, an ICMPv4 error says")
    );
    assert!(
        told.lost > 0 && told.time < silent.time,
        "{told:?}, {silent:?}"
    );
}
