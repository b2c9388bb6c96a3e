//! What nftables on the router sees of the packets that it forwards, by layer.

use serde_json::Value;

use super::*;

/// Counters for every place where a rule may stand; `DEVICE` is the ISATAP device.
const RULES: &str = r#"
table inet seen {
    counter inner_in { }
    counter inner_out { }
    counter known { }
    counter outer_in { }
    counter outer_out { }
    counter outer_forward { }
    chain forward {
        type filter hook forward priority 0;
        iifname "DEVICE" counter name "inner_in"
        oifname "DEVICE" counter name "inner_out"
        iifname "DEVICE" ct state established counter name "known"
        meta l4proto 41 counter name "outer_forward"
    }
    chain input {
        type filter hook input priority 0;
        meta nfproto ipv4 meta l4proto 41 counter name "outer_in"
    }
    chain output {
        type filter hook output priority 0;
        meta nfproto ipv4 meta l4proto 41 counter name "outer_out"
    }
}
"#;

const PINGS: u32 = 20;

/// Inner packets pass the forward chain where the stack forwards them, and no chain where programs
/// do but for those that find their neighbours; outer ones pass none.
#[test]
fn nftables_sees_inner_packets_where_the_stack_forwards_them_and_outer_ones_nowhere() {
    for xdp in [Xdp::Off, Xdp::Forward, Xdp::Auto] {
        let lab = configured(xdp);
        // The first packets find the neighbours.
        assert!(reaches(&lab.site.host_a, &SERVER.to_string()));
        load(&lab, RULES);
        let pings = ping(&lab.site.host_a, &SERVER.to_string(), PINGS, 0.02).unwrap();
        assert_eq!(pings.lost(), 0);
        let seen = |name| counted(&lab, name);
        if xdp == Xdp::Off {
            assert!(seen("inner_in") >= u64::from(PINGS), "{xdp:?}");
            assert!(seen("inner_out") >= u64::from(PINGS), "{xdp:?}");
            assert!(seen("known") >= u64::from(PINGS) - 1, "{xdp:?}");
        } else {
            assert!(seen("inner_in") <= u64::from(PINGS) / 4, "{xdp:?}");
            assert!(seen("inner_out") <= u64::from(PINGS) / 4, "{xdp:?}");
        }
        for outer in ["outer_in", "outer_out", "outer_forward"] {
            assert_eq!(seen(outer), 0, "{xdp:?}: {outer}");
        }
    }
}

/// The recipe: hosts may open connections, nobody may open one to them.
#[test]
fn a_stateful_filter_holds_where_the_stack_forwards() {
    const FILTER: &str = r#"
table ip6 isatap {
    chain forward {
        type filter hook forward priority filter; policy drop;
        iifname "DEVICE" accept
        oifname "DEVICE" ct state established,related accept
    }
}
"#;
    let lab = configured(Xdp::Off);
    let host = isatap_address(HOST_A).to_string();
    assert!(reaches(&lab.site.server, &host));
    load(&lab, FILTER);
    assert!(reaches(&lab.site.host_a, &SERVER.to_string()));
    let refused = hears_nothing(&lab.site.server, &host);
    assert!(refused, "nobody opens a connection to a host");
}

/// Who is no host of the site is refused by the programs, because no rule of IPv4 sees him.
#[test]
fn a_rule_against_protocol_41_is_not_asked_and_known_addresses_are() {
    const RULE: &str = r"
table ip refused {
    chain input {
        type filter hook input priority filter;
        ip protocol 41 drop
    }
    chain prerouting {
        type filter hook prerouting priority raw;
        ip protocol 41 drop
    }
}
";
    for xdp in [Xdp::Auto, Xdp::Off] {
        let mut lab = configured(xdp);
        load(&lab, RULE);
        assert!(reaches(&lab.site.host_a, &SERVER.to_string()), "{xdp:?}");
        let router = lab.router_mut().unwrap();
        let narrow = router.configuration().unwrap();
        let narrow = narrow.replace("[datapath]", "[datapath]\nknown-ipv4 = [\"10.2.0.0/16\"]");
        router.configure(&narrow).unwrap();
        router.reload().unwrap();
        let before = Stats::read(router).unwrap();
        assert!(
            hears_nothing(&lab.site.host_a, &SERVER.to_string()),
            "{xdp:?}"
        );
        let since = Stats::read(lab.router().unwrap()).unwrap().since(&before);
        assert!(since.of_reason("outer_unknown") >= 5, "{xdp:?}");
    }
}

fn load(lab: &Lab, rules: &str) {
    let rules = rules.replace("DEVICE", lab.names.router_device());
    let file = lab.file("rules.nft");
    std::fs::write(&file, rules).unwrap();
    let command = format!("nft --file {}", file.display());
    lab.site.router.run(&command).unwrap();
}

/// The packets of a named counter.
fn counted(lab: &Lab, name: &str) -> u64 {
    let command = format!("nft --json list counter inet seen {name}");
    let printed = lab.site.router.run(&command).unwrap();
    let document: Value = serde_json::from_str(&printed).unwrap();
    let list = document.get("nftables").and_then(Value::as_array).unwrap();
    let counter = list.iter().find_map(|entry| entry.get("counter")).unwrap();
    counter.get("packets").and_then(Value::as_u64).unwrap()
}
