use proptest::prelude::*;

use super::*;

const LOCATOR: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);

fn acceptance() -> Acceptance {
    Acceptance {
        min_solicit_interval: Duration::from_mins(2),
        prefixes: true,
        default: true,
        routes: true,
        mtu: true,
        dns: true,
        min_hop_limit: 32,
    }
}

fn solicitor() -> Solicitor {
    let mut solicitor = Solicitor::new(acceptance(), 7);
    solicitor.set_locator(at(0), Some(LOCATOR));
    solicitor.set_routers(at(0), &BTreeSet::from([ROUTER]));
    solicitor
}

fn at(seconds: u64) -> Boottime {
    Duration::from_secs(seconds)
}

fn link_local(ipv4: Ipv4Addr) -> Ipv6Addr {
    addr::link_local(addr::Form::Local, ipv4.octets()).into()
}

fn prefix(valid: u32, preferred: u32) -> isatap_common::nd::PrefixInformation {
    isatap_common::nd::PrefixInformation {
        prefix: "2001:db8:0:1::".parse::<Ipv6Addr>().unwrap().octets(),
        length: 64,
        on_link: true,
        autonomous: true,
        valid,
        preferred,
    }
}

fn advert(prefix: isatap_common::nd::PrefixInformation, lifetime: u16) -> RouterAdvertisement {
    RouterAdvertisement {
        hop_limit: 64,
        lifetime,
        mtu: Some(1400),
        prefixes: vec![prefix],
        ..RouterAdvertisement::default()
    }
}

fn deliver(
    solicitor: &mut Solicitor,
    now: Boottime,
    from: Ipv4Addr,
    advert: &RouterAdvertisement,
) -> Result<(), Refusal> {
    let (source, destination) = (link_local(from), link_local(LOCATOR));
    let messages = advert.emit(&source.octets(), &destination.octets(), 1240);
    messages
        .iter()
        .try_for_each(|bytes| solicitor.advertised(now, source, destination, Some(255), bytes))
}

/// A solicitor that has asked once, at second 1.
fn asked() -> Solicitor {
    let mut solicitor = solicitor();
    assert_eq!(solicitor.poll(at(1)).len(), 1);
    solicitor
}

#[test]
fn three_solicitations_four_seconds_apart_and_then_ever_fewer() {
    let mut solicitor = solicitor();
    let mut times = Vec::new();
    while times.len() < 20 {
        let next = solicitor.next_deadline(at(0)).unwrap();
        assert_eq!(solicitor.poll(next).len(), 1);
        times.push(next);
    }
    assert!(times[0] <= at(1));
    let gaps: Vec<f64> = times
        .windows(2)
        .map(|w| w[1].abs_diff(w[0]).as_secs_f64())
        .collect();
    assert!((gaps[0] - 4.0).abs() < 1e-6 && (gaps[1] - 4.0).abs() < 1e-6);
    assert!(
        gaps[2..].windows(2).all(|w| w[1] > w[0] || w[1] > 3200.0),
        "{gaps:?}"
    );
    assert!(gaps.iter().all(|gap| *gap <= 3960.0), "{gaps:?}");
}

#[test]
fn an_advertisement_configures_and_its_end_is_foreseen() {
    let mut solicitor = asked();
    deliver(
        &mut solicitor,
        at(2),
        ROUTER,
        &advert(prefix(2_592_000, 604_800), 1800),
    )
    .unwrap();
    let state = solicitor.state(at(2));
    assert_eq!(
        state.addresses[0].address.to_string(),
        "2001:db8:0:1:0:5efe:a01:2"
    );
    assert_eq!(state.addresses[0].valid_until, Some(at(2 + 2_592_000)));
    assert_eq!(state.default_routes[0].gateway, link_local(ROUTER));
    assert_eq!(state.on_link[0].prefix.to_string(), "2001:db8:0:1::/64");
    assert_eq!(state.mtu, Some(1400));
    assert_eq!(
        solicitor.next_deadline(at(2)),
        Some(at(2 + 1440)),
        "80 % of the router lifetime"
    );
    assert_eq!(
        solicitor.state(at(2 + 1800)).default_routes,
        [],
        "unless it is renewed"
    );
}

#[test]
fn refreshing_is_never_sooner_than_the_least_interval() {
    let mut solicitor = asked();
    deliver(&mut solicitor, at(2), ROUTER, &advert(prefix(60, 60), 60)).unwrap();
    solicitor.poll(at(70));
    assert_eq!(solicitor.next_deadline(at(70)), Some(at(122)));
}

#[test]
fn only_listed_routers_that_were_asked_are_believed() {
    let advert = advert(prefix(7200, 7200), 1800);
    let mut solicitor = solicitor();
    let other = Ipv4Addr::new(10, 9, 0, 3);
    assert_eq!(
        deliver(&mut solicitor, at(0), ROUTER, &advert),
        Err(Refusal::Unsolicited)
    );
    solicitor.poll(at(1));
    assert_eq!(
        deliver(&mut solicitor, at(1), other, &advert),
        Err(Refusal::NotListed)
    );
    assert_eq!(solicitor.state(at(1)), HostState::default());
}

#[test]
fn without_a_hop_limit_or_with_another_it_is_refused() {
    let mut solicitor = asked();
    let (source, destination) = (link_local(ROUTER), link_local(LOCATOR));
    let advert = advert(prefix(7200, 7200), 1800);
    let bytes = advert
        .emit(&source.octets(), &destination.octets(), 1240)
        .remove(0);
    for hop_limit in [None, Some(64), Some(254)] {
        let refused = solicitor.advertised(at(2), source, destination, hop_limit, &bytes);
        assert_eq!(
            refused,
            Err(Refusal::Invalid(isatap_common::nd::NdError::HopLimit))
        );
    }
}

#[test]
fn a_valid_lifetime_is_not_cut_below_two_hours() {
    let mut solicitor = asked();
    deliver(
        &mut solicitor,
        at(2),
        ROUTER,
        &advert(prefix(100_000, 100_000), 1800),
    )
    .unwrap();
    deliver(&mut solicitor, at(3), ROUTER, &advert(prefix(10, 0), 1800)).unwrap();
    let address = &solicitor.state(at(3)).addresses[0];
    assert_eq!(address.valid_until, Some(at(3 + 7200)));
    assert_eq!(address.preferred_until, Some(at(3)), "deprecated at once");
}

#[test]
fn lifetime_zero_removes_the_router_and_leaving_the_list_everything() {
    let mut solicitor = asked();
    deliver(
        &mut solicitor,
        at(2),
        ROUTER,
        &advert(prefix(7200, 7200), 1800),
    )
    .unwrap();
    deliver(
        &mut solicitor,
        at(3),
        ROUTER,
        &advert(prefix(7200, 7200), 0),
    )
    .unwrap();
    assert_eq!(solicitor.state(at(3)).default_routes, []);
    assert_eq!(solicitor.state(at(3)).addresses.len(), 1);
    solicitor.set_routers(at(4), &BTreeSet::new());
    assert_eq!(
        solicitor.state(at(4)),
        HostState {
            hop_limit: Some(64),
            ..HostState::default()
        }
    );
}

#[test]
fn both_forms_of_a_public_router_are_tried() {
    let mut solicitor = Solicitor::new(acceptance(), 1);
    solicitor.set_locator(at(0), Some(Ipv4Addr::new(8, 8, 4, 4)));
    solicitor.set_routers(at(0), &BTreeSet::from([Ipv4Addr::new(8, 8, 8, 8)]));
    let mut forms = BTreeSet::new();
    for now in [2, 7] {
        forms.extend(
            solicitor
                .poll(at(now))
                .iter()
                .map(|rs| rs.destination.to_string()),
        );
    }
    let both = ["fe80::200:5efe:808:808", "fe80::5efe:808:808"];
    assert_eq!(forms, both.map(str::to_owned).into());
}

proptest! {
    /// Whatever is said, and whoever says it: no panic, no route but through a listed router that
    /// was asked, and nothing that outlives what was advertised.
    #[test]
    fn any_sequence_keeps_the_invariants(
        steps in prop::collection::vec(
            (0u64..4000, 0u8..4, any::<u16>(), any::<u32>(), any::<u32>(), any::<[u8; 3]>()), 1..40),
    ) {
        let mut solicitor = solicitor();
        let mut now = at(0);
        for (wait, from, lifetime, valid, preferred, [byte, bit, how]) in steps {
            now += Duration::from_millis(wait * 500);
            solicitor.poll(now);
            let router = Ipv4Addr::new(10, 9, 0, from);
            let (source, destination) = (link_local(router), link_local(LOCATOR));
            let advert = advert(prefix(valid, preferred), lifetime);
            let mut bytes = advert.emit(&source.octets(), &destination.octets(), 1240).remove(0);
            if how < 64 {
                let place = usize::from(byte) % bytes.len();
                bytes[place] ^= 1 << (bit % 8);
                isatap_common::nd::seal(&source.octets(), &destination.octets(), &mut bytes);
            }
            let taken = solicitor.advertised(now, source, destination, Some(255), &bytes);
            prop_assert!(router == ROUTER || taken.is_err());
            let state = solicitor.state(now);
            prop_assert!(state.default_routes.iter().all(|route| route.router == ROUTER));
            for address in &state.addresses {
                prop_assert!(address.valid_until.is_none_or(|until| until > now));
                if let (Some(p), Some(v)) = (address.preferred_until, address.valid_until) {
                    prop_assert!(p <= v);
                }
            }
        }
    }
}
