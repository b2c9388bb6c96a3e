use std::{path::Path, time::Duration};

use isatap_common::nd::RouterSolicit;

use super::*;
use crate::config;

const START: Boottime = Duration::from_secs(1000);
const LOCATOR: Locator = Locator {
    index: 2,
    ipv4: Ipv4Addr::new(10, 0, 0, 1),
};

fn settings(advertise: bool) -> Settings {
    let text = format!(
        "[interface]\nrole = \"router\"\nuplinks = [\"eth0\"]\n[router]\nadvertise = {advertise}\n\
         [[router.prefix]]\nprefix = \"2001:db8:0:1::/64\"\n"
    );
    config::parse(Path::new("t.toml"), &text).unwrap()
}

fn solicitation() -> Received {
    let source = "fe80::5efe:10.0.0.2".parse().unwrap();
    Received {
        source,
        destination: Some(ALL_ROUTERS),
        hop_limit: Some(255),
        bytes: RouterSolicit.encode(source, ALL_ROUTERS),
        truncated: false,
        fragmented: false,
        lost: 0,
    }
}

#[test]
fn where_another_program_advertises_nothing_is_heard_and_the_link_is_the_same() {
    let locators = [LOCATOR];
    let link = |advertise| {
        let settings = settings(advertise);
        Discovery::new(&settings).link(START, &settings, &locators, &Detector::new(0))
    };
    assert!(Discovery::ear(&settings(true)).is_some());
    assert_eq!(Discovery::ear(&settings(false)), None);
    assert_eq!(link(true), link(false));
    assert_eq!(link(false).addresses.len(), 1);
}

#[test]
fn a_reload_stops_the_answers_that_are_due_and_starts_them_again() {
    let locators = [LOCATOR];
    let mut discovery = Discovery::new(&settings(true));
    for advertise in [true, false, true] {
        discovery.configure(
            START,
            &settings(advertise),
            1480,
            &locators,
            Earlier::default,
        );
        let taken = discovery.received(START, &solicitation(), None);
        assert_eq!(taken.is_ok(), advertise);
        assert_eq!(discovery.next_deadline().is_some(), advertise);
    }
    discovery.configure(START, &settings(false), 1480, &locators, Earlier::default);
    assert!(discovery.poll(START + Duration::from_secs(9)).is_empty());
}

#[test]
fn hosts_that_an_earlier_process_answered_are_told_what_changes() {
    let host: Ipv6Addr = "fe80::5efe:10.0.0.2".parse().unwrap();
    let answered = Answered {
        host: Ipv4Addr::new(10, 0, 0, 2),
        address: host,
        router: "fe80::5efe:10.0.0.1".parse().unwrap(),
        since: Duration::ZERO,
        at: START,
        until: START + Duration::from_mins(20),
    };
    let mut discovery = Discovery::new(&settings(true));
    for mtu in [1480, 1400] {
        discovery.configure(START, &settings(true), mtu, &[LOCATOR], || Earlier {
            hosts: vec![answered],
            ..Earlier::default()
        });
    }
    let told = discovery.poll(START + Duration::from_secs(9));
    assert_eq!(told[0].destination, host);
    let known = discovery.take_changed_clients();
    assert!(matches!(known[..], [(_, Some((client, 1000)))] if client.address == host));
}
