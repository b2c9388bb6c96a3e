//! A host with two routers, of which one dies and comes back.
//!
//! That a dead router is missed for four seconds at most is proved where no other program can make it longer:
//! in `nd::reachability`, whose tests have a clock of their own, and in the case `silent-router` of the virtual
//! machines, whose clock counts instructions. Here the change itself is the proof: routers tell hosts to
//! believe an answer for an hour, so that nothing but the rule of the story brings it about.

use std::net::Ipv6Addr;

use isatap_tests::daemon::Daemon;
use isatap_tests::ns::Namespace;
use isatap_tests::pings::Outage;
use isatap_tests::process::Process;
use isatap_tests::site::PREFIX;
use nix::sys::signal::Signal;

use super::*;

/// Its address is the lower one, so that preference alone puts it second.
const SECOND: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 2);
const SECOND_NATIVE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 0xfe);
const SERVER_SECOND: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 1);
/// What takes some seconds is waited for so long; what is not to be takes half an hour at least.
const LIMIT: Duration = Duration::from_secs(90);
/// Pings that are answered before something happens, and after its end.
const AROUND: usize = 100;

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
            pair.becomes(router, "reachable");
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

    /// The core refuses what is sent to the first router, and says so.
    fn refuse(&self) {
        let words = format!("ip route add unreachable {ROUTER}/32");
        self.lab.site.core.run(&words).unwrap();
    }

    /// Whether the first router has left as many questions unanswered as give a router up.
    fn was_found_silent(&self) -> bool {
        let line = format!("router {ROUTER} does not answer");
        self.host.logged().contains(&line)
    }

    /// Whether the one default route leads to the router, at either of its addresses.
    fn uses(&self, router: Ipv4Addr) -> bool {
        let device = self.lab.names.host_a_device();
        let words = format!("ip -6 route show default dev {device}");
        let shown = self.lab.site.host_a.run(&words).unwrap();
        let (high, low) = (router.to_bits() >> 16, router.to_bits() & 0xffff);
        shown.lines().count() == 1 && shown.contains(&format!(":5efe:{high:x}:{low:x} "))
    }

    fn becomes(&self, router: Ipv4Addr, state: &str) {
        let mut seen = String::new();
        let is_so = within(LIMIT, || {
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

    fn turns_to(&self, router: Ipv4Addr) {
        let turned = within(LIMIT, || self.uses(router).then_some(()));
        assert!(turned.is_some(), "not to {router}: {}", self.host.logged());
    }

    /// A hundred pings a second to the server while something happens that makes the host turn to `router`,
    /// until they are answered again.
    fn under_pings(
        &mut self,
        name: &str,
        router: Ipv4Addr,
        event: impl FnOnce(&mut Self),
    ) -> Outage {
        let log = self.lab.file(&format!("{name}.log"));
        let words = format!("ping -n -D -i 0.01 {SERVER}");
        let mut pings = self.lab.site.host_a.start(&words, &log).unwrap();
        more_answers(&pings);
        event(self);
        self.turns_to(router);
        more_answers(&pings);
        pings.signal(Signal::SIGINT).unwrap();
        pings.wait(LIMIT).unwrap().unwrap();
        let outage = Outage::parse(&pings.printed()).unwrap();
        println!("{name}: {outage:?}");
        outage
    }
}

fn more_answers(pings: &Process) {
    let answered = || pings.printed().matches(" bytes from ").count();
    let before = answered();
    let more = within(LIMIT, || (answered() >= before + AROUND).then_some(()));
    assert!(more.is_some(), "no answers any more");
}

fn start(lab: &Lab, inside: &Inside, device: &str, config: &str) -> Daemon {
    let file = lab.file("any");
    Daemon::start(&program(), inside, device, config, file.parent().unwrap()).unwrap()
}

fn config(device: &str, preference: &str) -> String {
    let config = isatap_tests::config::router(device, Xdp::Auto);
    let lines = format!("[router]\npreference = \"{preference}\"\nreachable-time = \"1h\"");
    config.replace("[router]", &lines)
}

/// Preferred though its address is the higher one; replaced when it dies, and taken back when it
/// answers again.
#[test]
fn a_dead_router_is_replaced_and_taken_back_without_loss() {
    let mut pair = Pair::new();
    let died = pair.under_pings("died", SECOND, |pair| {
        pair.lose(true);
        pair.answers_go_by(SECOND_NATIVE);
    });
    assert!(died.lost > 0, "{died:?}");
    pair.becomes(ROUTER, "unreachable");
    let back = pair.under_pings("back", ROUTER, |pair| pair.lose(false));
    assert_eq!(back.lost, 0, "{back:?}");
    // Now the answers come by the other router, so the first is never heard from but by its own.
    let silent = pair.under_pings("died unheard", SECOND, |pair| pair.lose(true));
    assert!(silent.lost > 0, "{silent:?}");
}

/// It does not know to whom to say farewell.
fn go_in_silence(router: &mut Daemon) {
    router.stop().unwrap();
    std::fs::remove_file(pins::map(router.device(), "CLIENTS").unwrap()).unwrap();
    router.down().unwrap();
}

/// RFC 4861 section 6.2.5: the router said that it ceases. That is why the host turned away, not silence.
#[test]
fn a_router_taken_down_is_left_at_its_last_word() {
    let mut pair = Pair::new();
    pair.answers_go_by(SECOND_NATIVE);
    pair.under_pings("said farewell", SECOND, |pair| {
        pair.lab.router_mut().unwrap().down().unwrap();
    });
    assert!(!pair.was_found_silent(), "{}", pair.host.logged());
}

/// A machine that says it cannot take packets, and one whose place nobody can take.
#[test]
fn a_router_taken_down_is_replaced_and_one_alone_stays() {
    let mut pair = Pair::new();
    pair.answers_go_by(SECOND_NATIVE);
    let taken = pair.under_pings("taken down", SECOND, |pair| {
        go_in_silence(pair.lab.router_mut().unwrap());
    });
    assert!(taken.lost > 0, "{taken:?}");
    assert!(pair.was_found_silent(), "{}", pair.host.logged());
    go_in_silence(&mut pair.second);
    let words = format!("ping -n -q -i 0.1 {SERVER}");
    let log = pair.lab.file("alone.log");
    let _pings = pair.lab.site.host_a.start(&words, &log).unwrap();
    pair.becomes(SECOND, "unreachable");
    let device = pair.lab.names.host_a_device();
    let words = format!("ip -6 route show default dev {device}");
    let shown = pair.lab.site.host_a.run(&words).unwrap();
    assert_eq!(
        shown.lines().count(),
        1,
        "one is tried in any case: {shown}"
    );
}

/// The kernel of a router that does not forward answers that it is none (RFC 4861 section 7.2.5), and no more
/// questions are needed. Its daemon, which would advertise the same, has gone.
#[test]
fn a_router_that_stops_forwarding_is_left_at_its_first_answer() {
    let mut pair = Pair::new();
    pair.answers_go_by(SECOND_NATIVE);
    pair.lab.router_mut().unwrap().kill().unwrap();
    pair.under_pings("stopped forwarding", SECOND, |pair| {
        let device = pair.lab.names.router_device();
        let off = format!("net.ipv6.conf.{device}.forwarding=0");
        pair.lab.site.router.sysctl(&[&off]).unwrap();
    });
    assert!(pair.host.logged().contains("is no router any more"));
    assert!(!pair.was_found_silent(), "{}", pair.host.logged());
}

/// The IPv4 router in front of a router that is gone may say so; then there is no silence to wait for. Nothing
/// flows here but one packet now and then, which makes nobody suspect, so that the change is the error's.
#[test]
fn errors_of_an_ipv4_router_bring_the_change_forward() {
    let pair = Pair::new();
    pair.answers_go_by(SECOND_NATIVE);
    pair.refuse();
    let turned = (0..5).any(|_| {
        let words = format!("ping -n -q -c 1 -W 1 {SERVER}");
        pair.lab.site.host_a.output(&words).unwrap();
        within(LIMIT / 5, || pair.uses(SECOND).then_some(())).is_some()
    });
    let logged = pair.host.logged();
    assert!(turned, "{logged}");
    let told = logged.find("is unreachable, an ICMPv4 error says");
    let given_up = logged.find(&format!("router {ROUTER} does not answer"));
    assert!(told.is_some() && told < given_up, "{logged}");
}
