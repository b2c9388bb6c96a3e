//! What an operator types under way.

use isatap_tests::daemon::Daemon;

use super::*;

/// A host without a router is given one by hand, loses it with a restart, and keeps it when told to.
#[test]
fn a_router_by_command_is_used_at_once_and_kept_only_when_saved() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    let host = lab.start_host_a().unwrap();
    let written = host.configuration().unwrap();
    let empty = written.replace(&format!("\"{ROUTER}\""), "");
    assert_ne!(empty, written);
    host.configure(&empty).unwrap();
    host.reload().unwrap();
    let sources = |host: &Daemon| {
        let list = host.json(&["prl", "list"]).unwrap();
        let first = list["prl"].get(0).map(|entry| entry["sources"].to_string());
        first.unwrap_or_default()
    };
    assert_eq!(sources(host), "");
    let router = ROUTER.to_string();
    host.ctl(&["prl", "add", &router]).unwrap();
    assert_eq!(sources(host), r#"["command"]"#);
    let device = lab.names.host_a_device();
    let addressed = within(PATIENCE, || {
        let addresses = lab.site.host_a.global_addresses(device).ok()?;
        (!addresses.is_empty()).then_some(())
    });
    assert!(addressed.is_some(), "it is asked");
    assert!(reaches(&lab.site.host_a, &SERVER.to_string()));
    let host = restarted(&mut lab);
    assert_eq!(sources(host), "", "a restart forgets it");
    assert_eq!(host.configuration().unwrap(), empty);
    host.ctl(&["prl", "add", &router, "--save"]).unwrap();
    assert_eq!(host.configuration().unwrap(), written);
    let host = restarted(&mut lab);
    assert_eq!(sources(host), r#"["static"]"#, "a restart knows it");
    host.ctl(&["prl", "del", &router, "--save"]).unwrap();
    assert_eq!(sources(host), "");
    assert_eq!(host.configuration().unwrap(), empty);
}

/// Who is on the link and what he sends and gets, whichever layer carries it.
#[test]
fn the_router_knows_its_neighbours_and_their_traffic() {
    for xdp in [Xdp::Auto, Xdp::Off] {
        let lab = configured(xdp);
        assert!(reaches(&lab.site.host_a, &SERVER.to_string()));
        let list = lab
            .router()
            .unwrap()
            .json(&["neigh", "--sort", "packets"])
            .unwrap();
        let neighbors = list["neighbors"].as_array().unwrap();
        let is_a = |peer: &&serde_json::Value| peer["ipv4"] == HOST_A.to_string();
        let host = neighbors.iter().find(is_a).unwrap();
        for count in ["packets_in", "packets_out"] {
            assert!(host[count].as_u64().unwrap() >= 5, "{count} of {host}");
        }
        // Five echo requests of 40 + 8 + 56 octets.
        assert!(host["bytes_in"].as_u64().unwrap() >= 5 * 104, "{host}");
    }
}

fn restarted(lab: &mut Lab) -> &mut Daemon {
    let host = lab.host_a_mut().unwrap();
    host.stop().unwrap();
    host.resume().unwrap();
    host
}
