mod bounds;
mod changes;
mod farewell;

use isatap_common::nd::{
    Lifetime, NdError, Preference, Prefix, PrefixInformation, RouteInformation, RouterAdvert,
};

use super::*;

const ROUTER: [u8; 4] = [192, 0, 2, 1];
const START: Duration = Duration::from_secs(1000);

fn advertisement() -> Advertisement {
    let prefix = PrefixInformation {
        prefix: Prefix::new("2001:db8:0:1::".parse().unwrap(), 64).unwrap(),
        on_link: true,
        autonomous: true,
        valid: Lifetime::Infinite,
        preferred: Lifetime::Infinite,
    };
    let content = RouterAdvert {
        preference: Preference::High,
        lifetime: 1800,
        prefixes: vec![prefix],
        ..RouterAdvert::default()
    };
    Advertisement {
        content,
        rate: 1000,
        link_mtu: 1280,
    }
}

fn advertiser() -> Advertiser {
    Advertiser::new(vec![ROUTER.into()], advertisement(), 1)
}

fn link_local(form: Form, ipv4: [u8; 4]) -> Ipv6Addr {
    addr::link_local(form, ipv4).into()
}

fn ask(
    router: &mut Advertiser,
    now: Boottime,
    from: Ipv6Addr,
    to: Ipv6Addr,
) -> Result<(), Refusal> {
    router.solicited(
        now,
        from,
        (to, None),
        Some(255),
        &RouterSolicit.encode(from, to),
    )
}

/// What a host reads.
fn content(advert: &Advert) -> RouterAdvert {
    let received = Received {
        source: advert.source,
        destination: advert.destination,
        hop_limit: Some(255),
        bytes: &advert.bytes,
    };
    RouterAdvert::decode(&received).unwrap()
}

/// Everything that is sent until nothing is due any more, with the time of each.
fn drain(router: &mut Advertiser, from: Boottime) -> Vec<(Boottime, Advert)> {
    let (mut now, mut sent) = (from, Vec::new());
    while let Some(deadline) = router.next_deadline() {
        now = now.max(deadline);
        sent.extend(router.poll(now).into_iter().map(|advert| (now, advert)));
    }
    sent
}

fn host(number: u16) -> Ipv6Addr {
    let [high, low] = number.to_be_bytes();
    link_local(Form::Local, [10, 1, high, low])
}

#[test]
fn answers_come_from_the_address_that_was_asked_within_half_a_second() {
    for seed in 0..50 {
        for (asked, form) in [
            (link_local(Form::Global, ROUTER), Form::Global),
            (link_local(Form::Local, ROUTER), Form::Local),
            (ALL_ROUTERS.into(), Form::Local),
        ] {
            let mut router = Advertiser::new(vec![ROUTER.into()], advertisement(), seed);
            ask(&mut router, START, host(1), asked).unwrap();
            let due = router.next_deadline().unwrap();
            assert!((START..=START + MAX_DELAY).contains(&due));
            assert_eq!(router.poll(due.saturating_sub(Duration::from_nanos(1))), []);
            let [advert] = &router.poll(due)[..] else {
                panic!("one answer")
            };
            assert_eq!(advert.source, link_local(form, ROUTER));
            assert_eq!(advert.destination, host(1));
            assert_eq!(router.next_deadline(), None);
        }
    }
}

#[test]
fn a_host_gets_one_answer_in_three_seconds_and_never_none() {
    let mut router = advertiser();
    let asked = link_local(Form::Local, ROUTER);
    for _ in 0..5 {
        ask(&mut router, START, host(1), asked).unwrap();
    }
    let first = router.next_deadline().unwrap();
    assert_eq!(router.poll(first).len(), 1);
    let other_form = link_local(Form::Global, [10, 1, 0, 1]);
    for _ in 0..5 {
        ask(
            &mut router,
            first + Duration::from_secs(1),
            other_form,
            asked,
        )
        .unwrap();
    }
    assert_eq!(router.next_deadline(), Some(first + Duration::from_secs(3)));
    assert_eq!(router.poll(first + Duration::from_secs(3)).len(), 1);
    assert_eq!(router.next_deadline(), None);
    assert_eq!(router.counters().merged, 8);
    assert_eq!(router.counters().answered, 2);
}

#[test]
fn all_hosts_together_stay_within_the_rate_and_all_are_answered() {
    let mut router = advertiser();
    for number in 0..3000 {
        ask(&mut router, START, host(number), ALL_ROUTERS.into()).unwrap();
    }
    let sent = drain(&mut router, START);
    for (count, (at, _)) in sent.iter().enumerate() {
        let most = at.saturating_sub(START).as_millis() + 51;
        assert!(u128::try_from(count).unwrap() < most, "{count} at {at:?}");
    }
    assert_eq!(sent.len(), 3000);
    assert!(sent[2999].0.saturating_sub(START) < Duration::from_millis(3500));
}

#[test]
fn only_hosts_of_the_link_are_answered() {
    let mut router = advertiser();
    let asked = link_local(Form::Local, ROUTER);
    let prefix = |text: &str| addr::prefix64(&text.parse::<Ipv6Addr>().unwrap().octets());
    let global = |text| Ipv6Addr::from(addr::address(prefix(text), Form::Local, [10, 0, 0, 9]));
    assert_eq!(
        ask(&mut router, START, global("2001:db8:0:1::"), asked),
        Ok(())
    );
    for source in [
        "::".parse().unwrap(),
        "fe80::1".parse().unwrap(),
        global("2001:db8:0:2::"),
        link_local(Form::Local, [224, 0, 0, 1]),
        asked,
    ] {
        assert_eq!(ask(&mut router, START, source, asked), Err(Refusal::Source));
    }
    for destination in [
        "ff02::1",
        "fe80::5efe:10.0.0.9",
        "2001:db8:0:1:0:5efe:192.0.2.1",
    ] {
        let refused = ask(&mut router, START, host(1), destination.parse().unwrap());
        assert_eq!(refused, Err(Refusal::Destination));
    }
    let bytes = RouterSolicit.encode(host(1), asked);
    let refused = router.solicited(START, host(1), (asked, None), None, &bytes);
    assert_eq!(refused, Err(Refusal::Invalid(NdError::HopLimit)));
    assert_eq!(router.counters().refused, 9);
}

#[test]
fn a_new_locator_forgets_the_answers_of_the_old_one() {
    let mut router = advertiser();
    ask(&mut router, START, host(1), ALL_ROUTERS.into()).unwrap();
    router.set_locators(vec![[192, 0, 2, 7].into()]);
    assert_eq!(router.next_deadline(), None);
    ask(&mut router, START, host(1), ALL_ROUTERS.into()).unwrap();
    let adverts = router.poll(START + MAX_DELAY);
    assert_eq!(adverts[0].source, link_local(Form::Local, [192, 0, 2, 7]));
}

#[test]
fn of_several_locators_the_one_that_the_host_asked_or_sends_to_answers() {
    const SECOND: [u8; 4] = [192, 0, 2, 9];
    let locators = || vec![ROUTER.into(), SECOND.into()];
    let canonical = |locator| link_local(Form::of(locator), locator);
    for (asked, heard_at, source) in [
        (canonical(SECOND), None, canonical(SECOND)),
        (canonical(ROUTER), Some(SECOND), canonical(ROUTER)),
        (ALL_ROUTERS.into(), Some(SECOND), canonical(SECOND)),
        (ALL_ROUTERS.into(), None, canonical(ROUTER)),
        (ALL_ROUTERS.into(), Some([192, 0, 2, 3]), canonical(ROUTER)),
    ] {
        let mut router = Advertiser::new(locators(), advertisement(), 1);
        let solicitation = RouterSolicit.encode(host(1), asked);
        let to = (asked, heard_at.map(Ipv4Addr::from));
        let taken = router.solicited(START, host(1), to, Some(255), &solicitation);
        taken.unwrap();
        assert_eq!(router.poll(START + MAX_DELAY)[0].source, source);
    }
    let mut router = Advertiser::new(locators(), advertisement(), 1);
    ask(&mut router, START, host(1), canonical(SECOND)).unwrap();
    router.set_locators(vec![SECOND.into(), ROUTER.into()]);
    assert_eq!(router.poll(START + MAX_DELAY).len(), 1, "none has gone");
    let own = ask(&mut router, START, canonical(SECOND), ALL_ROUTERS.into());
    assert_eq!(own, Err(Refusal::Source));
}
