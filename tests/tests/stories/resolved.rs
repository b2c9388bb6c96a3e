//! A host that hands the name servers of its routers to systemd-resolved.

use isatap_tests::{
    daemon::Daemon,
    dns::{self, Server},
    ns::Inside,
    resolved::{Bus, Resolved},
};
use serde_json::Value;

use super::*;

/// Longer than several pauses after failures, and an answer that does not come.
const LIMIT: Duration = Duration::from_secs(90);
const OTHER: &str = "2001:db8:f::54";

/// A router that names one server, and has the domain of the routers' name searched.
fn router(device: &str, server: &str) -> String {
    let base = isatap_tests::config::router(device, Xdp::Auto);
    format!("{base}[router.dns]\nservers = [\"{server}\"]\nsearch = [\"example.test\"]\n")
}

/// Its host, and the way into host a for programs that use the lab's bus.
fn host(lab: &Lab) -> (Daemon, Inside) {
    let inside = Bus::for_commands_in(&lab.file(""), &lab.site.host_a);
    let device = lab.names.host_a_device();
    let config = isatap_tests::config::host(device) + "accept-dns = \"resolved\"\n";
    (lab.start(&inside, device, &config).unwrap(), inside)
}

fn advertise(lab: &mut Lab, server: &str) {
    let config = router(lab.names.router_device(), server);
    let router = lab.router_mut().unwrap();
    router.configure(&config).unwrap();
    router.reload().unwrap();
}

fn until(host: &Daemon, what: &str, holds: impl Fn(&Value) -> bool) {
    let found = within(LIMIT, || {
        let status = host.json(&["status"]).ok()?;
        holds(status.get("dns")?).then_some(())
    });
    let shown = || host.ctl(&["status"]).unwrap_or_default();
    found
        .ok_or_else(|| format!("{what}: {}\n{}", shown(), host.logged()))
        .unwrap();
}

fn is_taken(dns: &Value) -> bool {
    dns.pointer("/resolved/taken") == Some(&Value::Bool(true))
        && dns.pointer("/servers/0").is_some()
}

fn has_failed(dns: &Value) -> bool {
    dns.pointer("/resolved/last_error")
        .is_some_and(Value::is_string)
}

fn holds(resolved: &Resolved, device: &str, servers: &[&str]) {
    let found = within(LIMIT, || {
        let found = resolved.of("dns", device).ok()?;
        (found == servers).then_some(())
    });
    let status = || resolved.resolvectl(&["status"]).unwrap().stdout;
    found
        .ok_or_else(|| format!("not {servers:?}: {}", status()))
        .unwrap();
}

#[test]
fn systemd_resolved_asks_the_name_servers_of_the_router() {
    let mut lab = lab();
    let directory = lab.file("");
    let device = lab.names.host_a_device().to_owned();
    let server = SERVER.to_string();
    lab.start_router_by(&router(lab.names.router_device(), &server))
        .unwrap();
    let _names = Server::start(&lab.site.server, SERVER, 60, &[ROUTER], &directory).unwrap();
    let _bus = Bus::start(&directory).unwrap();
    let inside = Bus::for_commands_in(&directory, &lab.site.host_a);
    let resolved = Resolved::start(&inside, &directory).unwrap();
    let (mut host, _) = host(&lab);
    until(&host, "not taken", is_taken);
    holds(&resolved, &device, &[&server]);
    assert_eq!(resolved.of("domain", &device).unwrap(), ["example.test"]);
    for name in [dns::NAME, "isatap"] {
        let answer = resolved
            .resolvectl(&["query", "--legend=no", name])
            .unwrap();
        assert!(
            answer.stdout.contains(&ROUTER.to_string()),
            "{name}: {answer:?}"
        );
    }

    host.stop().unwrap();
    holds(&resolved, &device, &[&server]);
    host.resume().unwrap();
    until(&host, "not taken again", is_taken);
    holds(&resolved, &device, &[&server]);

    advertise(&mut lab, OTHER);
    holds(&resolved, &device, &[OTHER]);
    let file = host.configuration().unwrap();
    host.configure(&file.replace("\"resolved\"", "\"report\""))
        .unwrap();
    host.reload().unwrap();
    holds(&resolved, &device, &[]);
    assert!(resolved.of("domain", &device).unwrap().is_empty());
    host.configure(&file).unwrap();
    host.reload().unwrap();
    holds(&resolved, &device, &[OTHER]);
    host.down().unwrap();
    let shown = resolved.resolvectl(&["status"]).unwrap().stdout;
    assert!(!shown.contains(OTHER), "{shown}");
}

#[test]
fn a_systemd_resolved_that_is_absent_restarts_hangs_or_refuses_is_asked_again() {
    let mut lab = lab();
    let directory = lab.file("");
    let device = lab.names.host_a_device().to_owned();
    let first = SERVER.to_string();
    lab.start_router_by(&router(lab.names.router_device(), &first))
        .unwrap();
    let (host, inside) = host(&lab);
    // A failure before the router has named a server is none to complain of.
    until(&host, "no error without a bus", |dns| {
        has_failed(dns) && dns.pointer("/servers/0").is_some()
    });
    let bus = Bus::start(&directory).unwrap();
    until(&host, "no error without a service", |dns| {
        let error = dns["resolved"]["last_error"].as_str().unwrap_or_default();
        error.contains("org.freedesktop.resolve1")
    });
    let resolved = Resolved::start(&inside, &directory).unwrap();
    until(&host, "not taken after its start", is_taken);
    holds(&resolved, &device, &[&first]);

    resolved.stop().unwrap();
    until(&host, "no error after its end", has_failed);
    let resolved = Resolved::start(&inside, &directory).unwrap();
    until(&host, "not taken after its restart", is_taken);
    holds(&resolved, &device, &[&first]);

    resolved.freeze(true).unwrap();
    advertise(&mut lab, OTHER);
    until(&host, "the router's news did not come", |dns| {
        dns["servers"][0] == OTHER
    });
    assert!(reaches(&lab.site.host_a, &first), "the daemon is held up");
    until(&host, "no error while it hangs", has_failed);
    resolved.freeze(false).unwrap();
    until(&host, "not taken after its pause", is_taken);
    holds(&resolved, &device, &[OTHER]);

    bus.refuse(true).unwrap();
    within(LIMIT, || {
        let refused = resolved.resolvectl(&["status"]).ok()?.code != Some(0);
        refused.then_some(())
    })
    .unwrap();
    advertise(&mut lab, &first);
    until(&host, "no refusal", has_failed);
    bus.refuse(false).unwrap();
    until(&host, "not taken after a refusal", is_taken);
    holds(&resolved, &device, &[&first]);
    // On a machine that stands still there may be more, but only after it was taken again.
    let logged = host.logged();
    let news = logged.lines().filter_map(|line| {
        let is_complaint = line.contains("does not take the routers' name servers");
        let is_taken = line.contains("systemd-resolved has the name servers");
        (is_complaint || is_taken).then_some(is_complaint)
    });
    let news: Vec<_> = news.collect();
    let complaints = news.iter().filter(|is_complaint| **is_complaint).count();
    let twice = news.windows(2).any(|pair| pair == [true, true]);
    assert!(complaints >= 4 && !twice, "{logged}");
}
