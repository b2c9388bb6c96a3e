//! Address translation between a host and its router, which ISATAP does not survive.

use isatap_tests::daemon::Daemon;

use super::*;

/// Longer than a host asks until it calls a router silent (RFC 4861 section 6.3.7), and than both ends
/// take to look at what they know.
const LIMIT: Duration = Duration::from_secs(90);

fn suspicions(daemon: &Daemon) -> Vec<String> {
    let status = daemon.json(&["status"]).unwrap();
    let listed = status
        .get("suspicions")
        .and_then(serde_json::Value::as_array);
    let listed = listed.into_iter().flatten();
    listed
        .map(|word| word.as_str().unwrap().to_owned())
        .collect()
}

fn until(daemon: &Daemon, suspicion: &str) {
    let found = within(LIMIT, || (suspicions(daemon) == [suspicion]).then_some(()));
    let shown = || daemon.ctl(&["status"]).unwrap();
    found
        .ok_or_else(|| format!("no {suspicion}: {}", shown()))
        .unwrap();
}

/// Has the core translate what host a sends.
fn translate(lab: &Lab) {
    let file = lab.file("nat.nft");
    let rules = format!(
        "table ip nat {{\nchain post {{\ntype nat hook postrouting priority srcnat;\n\
         ip saddr {HOST_A} masquerade\n}}\n}}\n"
    );
    std::fs::write(&file, rules).unwrap();
    let command = format!("nft --file {}", file.display());
    lab.site.core.run(&command).unwrap();
}

#[test]
fn both_ends_say_what_silence_may_mean_and_only_if_there_is_some() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    lab.start_host_b().unwrap();
    let direct = lab.host_b().unwrap();
    let learned = within(LIMIT, || {
        let status = direct.json(&["status"]).ok()?;
        (!status["routers"].as_array()?.is_empty()).then_some(())
    });
    assert!(learned.is_some(), "{}", direct.logged());
    translate(&lab);
    lab.start_host_a().unwrap();
    let (router, translated) = (lab.router().unwrap(), lab.host_a().unwrap());
    assert!(
        suspicions(translated).is_empty(),
        "before it has waited for an answer"
    );
    until(router, "sources_differ");
    until(translated, "no_router_answers");
    assert_eq!(suspicions(lab.host_b().unwrap()), [""; 0]);
    let lines = |daemon: &Daemon| {
        daemon
            .logged()
            .matches("translates addresses (NAT)")
            .count()
    };
    assert_eq!(lines(router), 1, "{}", router.logged());
    let shown = translated.ctl(&["status"]).unwrap();
    assert!(shown.contains("IPv4 protocol 41"), "{shown}");

    lab.site.core.run("nft flush ruleset").unwrap();
    let heard = within(LIMIT, || {
        suspicions(lab.host_a().unwrap()).is_empty().then_some(())
    });
    assert!(heard.is_some(), "{:?}", lab.host_a().unwrap().logged());
}
