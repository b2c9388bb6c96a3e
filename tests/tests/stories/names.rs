//! A host that looks its routers up by their name.

use std::collections::BTreeSet;

use isatap_tests::daemon::Daemon;
use isatap_tests::dns::{self, Fault, FaultyServer, NAME, Server};
use isatap_tests::site::gateway;
use serde_json::Value;

use super::*;

/// Longer than two look-ups, an answer and a solicitation take.
const LIMIT: Duration = Duration::from_mins(1);
/// Where nobody of the list may be.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// A host that is told its name server and the routers' name.
fn host(lab: &Lab) -> Daemon {
    host_with(lab, "refresh = \"1s\"")
}

/// The same with other lines about how often it asks.
fn host_with(lab: &Lab, lines: &str) -> Daemon {
    let device = lab.names.host_a_device();
    let file = lab.file("resolv.conf");
    dns::write_resolv_conf(&file, gateway(HOST_A)).unwrap();
    let inside = lab.site.host_a.resolving_by(&file);
    let config = isatap_tests::config::host_by_name(device, NAME);
    let config = config.replace("refresh = \"1s\"", lines);
    lab.start(&inside, device, &config).unwrap()
}

fn until(host: &Daemon, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let status = within(LIMIT, || {
        let status = host.json(&["status"]).ok();
        status.filter(|status| holds(status))
    });
    let shown = || host.ctl(&["status"]).unwrap_or_default();
    status
        .ok_or_else(|| format!("{what}: {}\n{}", shown(), host.logged()))
        .unwrap()
}

fn list(status: &Value) -> BTreeSet<Ipv4Addr> {
    let entries = status["prl"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["ipv4"].as_str().unwrap().parse().unwrap())
        .collect()
}

fn advertised(status: &Value) -> usize {
    status["routers"].as_array().unwrap().len()
}

/// The gateways of the host's default routes.
fn default_routes(lab: &Lab) -> Vec<String> {
    let shown = lab.site.host_a.run("ip -6 route show default").unwrap();
    let routes = shown
        .lines()
        .map(|line| line.split_whitespace().nth(2).unwrap().to_owned());
    routes.collect()
}

#[test]
fn routers_come_and_go_with_the_answers_of_dns() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    let second = lab.names.host_b_device();
    let config = isatap_tests::config::router_of_hosts(second);
    let _second = lab.start(&lab.site.host_b, second, &config).unwrap();
    let serve = |routers: &[Ipv4Addr]| {
        let directory = lab.file("");
        Server::start(&lab.site.core, gateway(HOST_A), 1, routers, &directory).unwrap()
    };
    let mut server = serve(&[ROUTER, HOST_B]);
    let host = host(&lab);
    let status = until(&host, "both", |status| advertised(status) == 2);
    assert_eq!(list(&status), BTreeSet::from([ROUTER, HOST_B]));
    assert_eq!(status["prl"][0]["sources"], serde_json::json!(["dns"]));
    assert!(status["prl"][0]["ttl_seconds"].as_u64().unwrap() <= 1);
    assert_eq!(status["resolver"]["domain"], NAME);
    assert_eq!(
        default_routes(&lab),
        ["fe80::5efe:a02:2"],
        "the lower of two equals"
    );

    server.serve(&[ROUTER]).unwrap();
    until(&host, "one", |status| {
        list(status) == BTreeSet::from([ROUTER])
    });
    assert_eq!(default_routes(&lab), ["fe80::5efe:a09:2"]);
    let map = host.ctl(&["map", "dump", "PRL"]).unwrap();
    assert!(
        map.contains("10.9.0.2") && !map.contains("10.2.0.2"),
        "{map}"
    );
    let routes = host.ctl(&["map", "dump", "ROUTES"]).unwrap();
    assert!(!routes.contains("10.2.0.2"), "{routes}");
    let server_address = SERVER.to_string();
    assert!(reaches(&lab.site.host_a, &server_address));

    drop(server);
    let status = until(&host, "no error", |status| {
        status["resolver"]["last_error"].is_string() && status["prl"][0]["ttl_seconds"] == 0
    });
    assert_eq!(list(&status), BTreeSet::from([ROUTER]));
    assert!(reaches(&lab.site.host_a, &server_address));

    server = serve(&[ROUTER, OUTSIDE]);
    until(&host, "no refusal", |status| {
        status["resolver"]["refused"][0] == OUTSIDE.to_string()
    });
    let status = until(&host, "no answer", |status| {
        status["resolver"]["last_error"].is_null()
    });
    assert_eq!(list(&status), BTreeSet::from([ROUTER]));
    let asked = |server: &Server| server.logged().matches("query[A]").count();
    let before = asked(&server);
    within(LIMIT, || (asked(&server) > before + 2).then_some(())).unwrap();
    let refusal = format!("{OUTSIDE} is refused: it is in none of the prefixes");
    assert_eq!(
        host.logged().matches(&refusal).count(),
        1,
        "{}",
        host.logged()
    );
    let asked = server.logged();
    assert!(
        !asked.contains("search.test") && !asked.contains("AAAA"),
        "{asked}"
    );
}

#[test]
fn nothing_that_goes_wrong_in_dns_takes_the_routers_away() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    let good = || Fault::None(vec![ROUTER], 1);
    let server = FaultyServer::start(&lab.site.core, gateway(HOST_A), good()).unwrap();
    let host = host(&lab);
    until(&host, "no router", |status| advertised(status) == 1);
    for fault in [
        Fault::Silent,
        Fault::ServFail,
        Fault::Refused,
        Fault::Truncated,
        Fault::Garbage,
        Fault::OtherId(vec![HOST_B]),
        Fault::AliasLoop,
        Fault::None(vec![OUTSIDE], 1),
    ] {
        server.set(fault.clone());
        let before = server.asked().len();
        within(LIMIT, || (server.asked().len() > before + 2).then_some(())).unwrap();
        let what = format!("{fault:?} is no error");
        let status = until(&host, &what, |status| {
            status["resolver"]["last_error"].is_string()
        });
        assert_eq!(list(&status), BTreeSet::from([ROUTER]), "{fault:?}");
        assert_eq!(advertised(&status), 1, "{fault:?}");
        server.set(good());
        until(&host, "no answer", |status| {
            status["resolver"]["last_error"].is_null()
        });
    }
    for fault in [Fault::NxDomain, Fault::Empty] {
        server.set(fault.clone());
        let before = server.asked().len();
        until(&host, "not gone", |status| list(status).is_empty());
        assert!(
            server.asked().len() >= before + 2,
            "{fault:?} was not confirmed"
        );
        assert!(default_routes(&lab).is_empty());
        server.set(good());
        until(&host, "not back", |status| advertised(status) == 1);
    }
    assert!(
        !host.logged().contains("hickory"),
        "a line for every stray datagram"
    );
    let names: BTreeSet<_> = server.asked().into_iter().collect();
    assert_eq!(names, BTreeSet::from([format!("{NAME}.")]));
}

/// What a host asks, in the order in which it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Name,
    Router,
}

fn questions(printed: &str) -> Vec<Question> {
    let question = |line: &str| {
        if line.contains(&format!(" A? {NAME}.")) {
            Some(Question::Name)
        } else {
            line.contains("router solicitation")
                .then_some(Question::Router)
        }
    };
    printed.lines().filter_map(question).collect()
}

#[test]
fn a_name_without_lifetime_is_looked_up_before_each_solicitation() {
    let mut lab = lab();
    // Each answer is good for four seconds, so that the host has to ask again and again.
    let router = isatap_tests::config::router(lab.names.router_device(), Xdp::Auto)
        .replace("[router]\n", "[router]\nlifetime = \"5s\"\n");
    lab.start_router_by(&router).unwrap();
    let words = format!("tcpdump -l -n -i to-a (src {HOST_A}) and (udp port 53 or ip proto 41)");
    let mut watch = lab
        .site
        .core
        .start(&words, &lab.file("questions.log"))
        .unwrap();
    within(LIMIT, || {
        let is_listening = watch.printed().contains("listening on");
        (is_listening || watch.ended().unwrap().is_some()).then_some(())
    })
    .unwrap();
    let directory = lab.file("");
    let server = gateway(HOST_A);
    let _names = Server::start(&lab.site.core, server, 0, &[ROUTER], &directory).unwrap();
    let host = host_with(&lab, "refresh = \"1h\"");
    let asked = within(4 * LIMIT, || {
        let asked = questions(&watch.printed());
        let solicitations = asked.iter().filter(|one| **one == Question::Router);
        (solicitations.count() >= 4).then_some(asked)
    });
    let asked = asked.ok_or_else(|| format!("{}{}", watch.printed(), host.logged()));
    let asked = asked.unwrap();
    let mut before = asked.split(|question| *question == Question::Router);
    // What follows the last solicitation may be nothing yet.
    before.next_back();
    assert!(
        before.all(|names| !names.is_empty()),
        "asked without a look-up: {asked:?}"
    );
}

#[test]
fn of_a_thousand_addresses_the_lowest_64_are_listed_and_that_is_said() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    let many = (1..1000).map(|number: u32| Ipv4Addr::from_bits(0x0a0a_0000 + 2 * number));
    let routers: Vec<_> = many.chain([ROUTER]).collect();
    let server = gateway(HOST_A);
    let directory = lab.file("");
    let _names = Server::start(&lab.site.core, server, 60, &routers, &directory).unwrap();
    let host = host_with(&lab, "refresh = \"1h\"");
    let status = until(&host, "no router", |status| advertised(status) == 1);
    let sorted: BTreeSet<_> = routers.iter().copied().collect();
    let lowest: BTreeSet<_> = sorted.into_iter().take(64).collect();
    assert!(lowest.contains(&ROUTER));
    assert_eq!(list(&status), lowest);
    let logged = host.logged();
    assert_eq!(logged.matches(" is refused: ").count(), 16, "{logged}");
    assert!(
        logged.contains("host.domain: 920 more addresses are refused"),
        "{logged}"
    );
    assert!(reaches(&lab.site.host_a, &SERVER.to_string()));
}

#[test]
fn another_name_server_in_resolv_conf_is_asked_at_once() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    let (first, second) = (gateway(HOST_A), gateway(HOST_B));
    let directory = lab.file("");
    let other = lab.file("other");
    std::fs::create_dir(&other).unwrap();
    let _first = Server::start(&lab.site.core, first, 3600, &[HOST_B], &directory).unwrap();
    let second_server = Server::start(&lab.site.core, second, 3600, &[ROUTER], &other).unwrap();
    let host = host_with(&lab, "refresh = \"1h\"");
    until(&host, "no list", |status| {
        list(status) == BTreeSet::from([HOST_B])
    });
    assert!(!second_server.logged().contains(NAME));
    dns::write_resolv_conf(&lab.file("resolv.conf"), second).unwrap();
    until(&host, "the other server was not asked", |status| {
        list(status) == BTreeSet::from([ROUTER]) && advertised(status) == 1
    });
    assert!(reaches(&lab.site.host_a, &SERVER.to_string()));
}

#[test]
fn a_record_that_is_removed_takes_all_along_with_the_second_answer_that_lacks_it() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    let server = gateway(HOST_A);
    let directory = lab.file("");
    let names = Server::start(&lab.site.core, server, 1, &[ROUTER], &directory).unwrap();
    let host = host(&lab);
    until(&host, "no router", |status| advertised(status) == 1);
    let device = lab.names.host_a_device();
    let addresses = || lab.site.host_a.global_addresses(device).unwrap();
    let dumped = |map: &str| host.ctl(&["map", "dump", map]).unwrap();
    assert_eq!(addresses(), [isatap_address(HOST_A)]);
    assert!(dumped("PREFIXES").contains("2001:db8:0:1::"));

    names.serve(&[]).unwrap();
    until(&host, "not gone", |status| list(status).is_empty());
    let lacking = names
        .logged()
        .matches(&format!("config {NAME} is NXDOMAIN"))
        .count();
    assert!(lacking >= 2, "{}", names.logged());
    assert!(default_routes(&lab).is_empty());
    let gone = within(LIMIT, || addresses().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", addresses());
    assert!(!dumped("PREFIXES").contains("2001:db8:0:1::"));
    assert!(!dumped("PRL").contains(&ROUTER.to_string()));
    assert!(!dumped("ROUTES").contains(&ROUTER.to_string()));
}
