use std::path::Path;

use isatap_common::nd::RouterSolicit;

use super::*;

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
        discovery.configure(START, &settings(advertise), 1480, &locators);
        let taken = discovery.received(START, &solicitation(), None);
        assert_eq!(taken.is_ok(), advertise);
        assert_eq!(discovery.next_deadline().is_some(), advertise);
    }
    discovery.configure(START, &settings(false), 1480, &locators);
    assert!(discovery.poll(START + Duration::from_secs(9)).is_empty());
}
