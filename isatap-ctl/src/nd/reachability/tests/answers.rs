//! What an advertisement does, and what it does not.

use super::*;

#[test]
fn only_an_answer_confirms() {
    let mut bench = Bench::new();
    let unsolicited = NeighborAdvert {
        solicited: false,
        ..advert(ROUTER)
    };
    let nothing = News {
        neighbor: ROUTER,
        revived: false,
        ceased_to_route: false,
    };
    assert_eq!(bench.answer(), nothing);
    assert_eq!(bench.state(), R::Probe, "nobody asked");
    bench.run(ms(100), Flow::None);
    assert_eq!(bench.hear(&unsolicited), Ok(nothing));
    bench.detector.advertised(bench.now, link_local(ROUTER));
    assert_eq!(bench.state(), R::Probe);
    assert_eq!(bench.answer(), nothing);
    assert_eq!(bench.state(), R::Reachable);
}

#[test]
fn a_late_answer_revives() {
    let mut bench = Bench::new();
    bench.run(ms(4000), Flow::None);
    assert_eq!(bench.state(), R::Unreachable);
    assert!(bench.answer().revived);
    assert_eq!(bench.state(), R::Reachable);
    assert_eq!(bench.detector.dead_since(ROUTER), None);
    assert!(!bench.answer().revived);
}

#[test]
fn an_advertisement_needs_an_entry_and_its_target() {
    let mut bench = Bench::new();
    bench.run(ms(100), Flow::None);
    let (detector, now) = (&mut bench.detector, bench.now);
    let (router, other) = (link_local(ROUTER), link_local(OTHER));
    let native = "2001:db8::1".parse().unwrap();
    let twin = addr::link_local(Form::Global, ROUTER.octets()).into();
    let about_twin = NeighborAdvert {
        target: twin,
        ..advert(ROUTER)
    };
    for (source, message, refusal) in [
        (other, advert(OTHER), Refusal::NoEntry),
        (other, advert(ROUTER), Refusal::NoEntry),
        (router, advert(OTHER), Refusal::NoEntry),
        (router, about_twin, Refusal::NoEntry),
        (native, advert(ROUTER), Refusal::Source),
    ] {
        assert_eq!(hear(detector, now, source, &message), Err(refusal));
    }
    assert_eq!(detector.reachability(ROUTER), R::Probe);
    // It may answer from its other address.
    let answered = hear(detector, now, twin, &advert(ROUTER));
    answered.unwrap();
    assert_eq!(detector.reachability(ROUTER), R::Reachable);
}

#[test]
fn an_advertisement_that_is_not_valid_or_not_for_us_is_refused() {
    let mut bench = Bench::new();
    bench.run(ms(100), Flow::None);
    let source = link_local(ROUTER);
    let mut refused = |destination: Ipv6Addr, hop_limit| {
        let received = Received {
            source,
            destination,
            hop_limit,
            bytes: &advert(ROUTER).encode(source, destination),
        };
        bench.detector.answered(bench.now, &received).unwrap_err()
    };
    assert_eq!(refused(link_local(OTHER), Some(255)), Refusal::Destination);
    let hop_limit = Refusal::Invalid(isatap_common::nd::NdError::HopLimit);
    assert_eq!(refused(link_local(OURS), Some(254)), hop_limit);
    assert_eq!(refused(link_local(OURS), None), hop_limit);
    let solicited = Refusal::Invalid(isatap_common::nd::NdError::Solicited);
    assert_eq!(refused("ff02::1".parse().unwrap(), Some(255)), solicited);
    assert_eq!(bench.state(), R::Probe);
}

#[test]
fn a_router_that_says_it_is_none_is_noticed_once() {
    let mut bench = Bench::reachable();
    let host = NeighborAdvert {
        router: false,
        solicited: false,
        ..advert(ROUTER)
    };
    assert!(bench.hear(&host).unwrap().ceased_to_route);
    assert!(!bench.hear(&host).unwrap().ceased_to_route);
    assert_eq!(bench.state(), R::Reachable);
    bench.detector.advertised(bench.now, link_local(ROUTER));
    assert!(bench.hear(&host).unwrap().ceased_to_route);
}

#[test]
fn another_address_of_ours_knows_nothing_yet() {
    let mut bench = Bench::reachable();
    bench.detector.set_locator(Some(OTHER));
    assert_eq!(bench.state(), R::Unknown);
    bench.detector.watch(bench.now, &watched([ROUTER]));
    assert_eq!(bench.state(), R::Probe);
    assert_eq!(bench.hear(&advert(ROUTER)), Err(Refusal::Destination));
}
