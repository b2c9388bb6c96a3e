use super::*;
use crate::cli::style::Style;
use crate::config::Preference;
use crate::control::*;

fn advertising() -> AdvertisingStatus {
    AdvertisingStatus {
        forwarding: false,
        withdrawing: 4,
        solicited: 20,
        merged: 8,
        refused: 3,
        full: 2,
        lost: 1,
        sent: 12,
        waiting: 5,
        hosts: 6,
        latest: vec![AnsweredStatus {
            ipv4: "10.0.0.2".parse().unwrap(),
            address: "fe80::5efe:a00:2".parse().unwrap(),
            seconds: 7,
        }],
    }
}

fn contradicting() -> PeerStatus {
    PeerStatus {
        ipv4: "10.0.0.2".parse().unwrap(),
        state: PeerState::Answers,
        last_ra_seconds: Some(65),
        lifetime_left: Some(1735),
        solicited: 2,
        advertised: 1,
        differences: vec![DifferenceStatus {
            item: "preferred of 2001:db8:0:1::/64".to_owned(),
            ours: "604800 s".to_owned(),
            theirs: "infinite".to_owned(),
        }],
    }
}

fn full() -> StatusDocument {
    let router = "10.0.0.1".parse().unwrap();
    let count = |packets| Count {
        packets,
        bytes: 100 * packets,
    };
    StatusDocument {
        schema: SCHEMA,
        interface: "isatap0".to_owned(),
        role: Role::Host,
        advertised_by: None,
        advertising: Some(advertising()),
        daemon: DaemonStatus {
            alive: true,
            pid: Some(42),
            version: Some("0.1.0".to_owned()),
            config: None,
            loop_lag: Some(LoopLag {
                ticks: 500,
                p50_microseconds: 639,
                p99_microseconds: 1279,
                max_microseconds: 35_714,
            }),
        },
        device: Some(DeviceStatus {
            name: "isatap0".to_owned(),
            mtu: 1480,
            up: true,
        }),
        locators: vec![LocatorStatus {
            ipv4: "10.0.0.9".parse().unwrap(),
            interface: "eth0".to_owned(),
            link_local: "fe80::5efe:a00:9".parse().unwrap(),
        }],
        uplinks: vec![LinkStatus {
            name: "eth0".to_owned(),
            xdp: XdpState::Generic,
            tc: None,
            reason: "the driver has no native mode".to_owned(),
        }],
        links: Vec::new(),
        prefixes: vec![PrefixStatus {
            prefix: "2001:db8:0:1::/64".parse().unwrap(),
            valid_seconds: None,
            preferred_seconds: Some(600),
            router: Some(router),
        }],
        mappings: vec![MappingStatus {
            prefix: "2001:db8:0:100::/56".parse().unwrap(),
            via: "10.0.0.7".parse().unwrap(),
        }],
        addresses: vec!["2001:db8:0:1:0:5efe:a00:9".parse().unwrap()],
        prl: vec![PrlStatus {
            ipv4: router,
            sources: vec!["static".to_owned(), "command".to_owned()],
            ttl_seconds: None,
            preference: Preference::High,
            last_ra_seconds: Some(5),
            lifetime_left: Some(1795),
            reachability: "reachable".to_owned(),
        }],
        resolver: Some(ResolverStatus {
            domain: "isatap.example.com".to_owned(),
            last_answer_seconds: Some(700),
            last_error: Some("request timed out".to_owned()),
            last_error_seconds: Some(20),
            next_lookup_seconds: Some(12),
            refused: vec!["192.0.2.1".parse().unwrap()],
        }),
        peers: vec![contradicting()],
        routers: vec![RouterStatus {
            address: "fe80::5efe:a00:1".parse().unwrap(),
            ipv4: router,
            preference: Preference::High,
            lifetime_left: Some(1795),
        }],
        dns: DnsStatus {
            servers: vec!["2001:db8::53".parse().unwrap()],
            search: vec!["example.com".to_owned()],
            resolved: Some(ResolvedStatus {
                taken: false,
                last_error: Some("access denied".to_owned()),
                last_error_seconds: Some(30),
            }),
        },
        counters: vec![LayerTotals {
            direction: "in".to_owned(),
            layer: "xdp".to_owned(),
            forwarded: count(3),
            passed: count(2),
            dropped: count(1),
        }],
        suspicions: vec![Suspicion::SourcesDiffer],
    }
}

fn printed(print: impl Fn(&StatusDocument, &mut Output<'_>) -> Result<()>) -> String {
    printed_of(&full(), print)
}

fn printed_of(
    status: &StatusDocument,
    print: impl Fn(&StatusDocument, &mut Output<'_>) -> Result<()>,
) -> String {
    let mut text = Vec::new();
    let mut output = Output {
        json: false,
        style: Style::default(),
        terminal: false,
        to: &mut text,
    };
    print(status, &mut output).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn everything_is_shown() {
    insta::assert_snapshot!(printed(text::print));
    insta::assert_snapshot!(printed(brief::print));
}

#[test]
fn a_router_says_who_advertises() {
    let line = |by| {
        let status = StatusDocument {
            role: Role::Router,
            advertised_by: by,
            ..full()
        };
        let shown = printed_of(&status, text::print);
        let line = shown.lines().find(|line| line.contains("adverts"));
        line.map(ToOwned::to_owned)
    };
    assert_eq!(line(None), None);
    let daemon = line(Some(AdvertisedBy::Daemon));
    assert_eq!(daemon.as_deref(), Some("  adverts    from the daemon"));
    let other = line(Some(AdvertisedBy::Other));
    let expected = "  adverts    from another program, as router.advertise = false wants it";
    assert_eq!(other.as_deref(), Some(expected));
}

#[test]
fn forwarding_in_traffic_control_is_said() {
    let mut status = full();
    status.uplinks[0].xdp = XdpState::Off;
    status.uplinks[0].tc = Some(TcState::Forward);
    let printed = printed_of(&status, text::print);
    let line = printed.lines().find(|line| line.starts_with("eth0"));
    assert!(line.unwrap().contains("  off, tc forward  "), "{printed}");
    let document = serde_json::to_value(&status).unwrap();
    assert_eq!(document["uplinks"][0]["tc"], "forward");
    let document = serde_json::to_value(full()).unwrap();
    assert_eq!(document["uplinks"][0].get("tc"), None);
}

#[test]
fn whether_systemd_resolved_has_the_resolvers_is_said() {
    let line = |resolved| {
        let mut status = full();
        status.dns.resolved = resolved;
        let printed = printed_of(&status, text::print);
        let line = printed.lines().find(|line| line.contains("resolved"));
        line.map(ToOwned::to_owned)
    };
    assert_eq!(line(None), None);
    let pending = line(Some(ResolvedStatus::default()));
    assert_eq!(
        pending.as_deref(),
        Some("systemd-resolved is asked to take them")
    );
    let taken = line(Some(ResolvedStatus {
        taken: true,
        ..ResolvedStatus::default()
    }));
    assert_eq!(taken.as_deref(), Some("systemd-resolved has them"));
}

/// An earlier daemon says neither who advertises nor how late it is.
#[test]
fn a_document_of_an_earlier_daemon_reads() {
    let mut document = serde_json::to_value(full()).unwrap();
    document.as_object_mut().unwrap().remove("advertised_by");
    document.as_object_mut().unwrap().remove("advertising");
    let daemon = document["daemon"].as_object_mut().unwrap();
    daemon.remove("loop_lag");
    let read: StatusDocument = serde_json::from_value(document).unwrap();
    let mut expected = full();
    expected.advertising = None;
    expected.daemon.loop_lag = None;
    assert_eq!(read, expected);
}

#[test]
fn the_document_keeps_its_shape_and_reads_back() {
    insta::assert_json_snapshot!(full());
    let line = accepted(&full()).unwrap();
    assert_eq!(
        serde_json::from_str::<StatusDocument>(&line).unwrap(),
        full()
    );
}

#[test]
fn healthy_needs_a_daemon_a_locator_and_for_a_host_a_router() {
    let changed = |change: fn(&mut StatusDocument)| {
        let mut status = full();
        change(&mut status);
        status.is_healthy()
    };
    assert!(changed(|_| {}));
    assert!(!changed(|status| status.daemon.alive = false));
    assert!(!changed(|status| status.locators.clear()));
    assert!(!changed(|status| status.prl.clear()));
    assert!(!changed(|status| status.prl[0].last_ra_seconds = None));
    assert!(changed(|status| {
        status.role = Role::Router;
        status.prl.clear();
    }));
}
