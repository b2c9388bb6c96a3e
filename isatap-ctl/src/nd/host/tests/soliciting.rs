use super::*;

/// Times and destinations of the first `count` solicitations.
fn follow(host: &mut Solicitor, mut now: Boottime, count: usize) -> Vec<(Boottime, Solicit)> {
    let mut sent = Vec::new();
    while sent.len() < count {
        now = now.max(host.next_deadline().unwrap());
        sent.extend(host.poll(now).into_iter().map(|solicit| (now, solicit)));
    }
    sent
}

#[test]
fn three_questions_four_seconds_apart_then_ever_rarer() {
    let mut host = host(&[R1]);
    let sent = follow(&mut host, START, 20);
    assert!(sent[0].0 <= START + secs(1));
    let gaps: Vec<_> = sent
        .windows(2)
        .map(|pair| pair[1].0.abs_diff(pair[0].0))
        .collect();
    assert_eq!(gaps[..2], [secs(4), secs(4)]);
    assert!(gaps[2] >= Duration::from_millis(7600) && gaps[2] <= Duration::from_millis(8400));
    assert!(gaps.windows(2).take(10).all(|pair| pair[0] <= pair[1]));
    assert!(
        gaps[15..]
            .iter()
            .all(|gap| (secs(3240)..=secs(3600)).contains(gap))
    );
    for (_, solicit) in &sent {
        assert_eq!(solicit.source, link_local(Form::Local, HOST));
        let bytes = RouterSolicit.encode(solicit.source, solicit.destination);
        assert_eq!(solicit.bytes, bytes);
    }
}

/// Destinations of the first `count` solicitations.
fn asked_at(host: &mut Solicitor, now: Boottime, count: usize) -> Vec<Ipv6Addr> {
    let sent = follow(host, now, count);
    sent.into_iter().map(|(_, rs)| rs.destination).collect()
}

#[test]
fn both_forms_are_tried_by_turns_and_the_one_that_answered_is_kept() {
    for router in [R1, [198, 51, 100, 1], PUBLIC] {
        let canonical = Form::of(router);
        let [first, second] = [canonical, canonical.other()].map(|form| link_local(form, router));
        for (form, answer) in [(canonical, first), (canonical.other(), second)] {
            let mut host = host(&[router]);
            let sent = follow(&mut host, START, 4);
            let asked: Vec<_> = sent.iter().map(|(_, rs)| rs.destination).collect();
            assert_eq!(asked, [first, second, first, second]);
            let now = sent[3].0;
            let to = link_local(Form::Local, HOST);
            let bytes = advert().encode(answer, to, 1280).remove(0);
            host.advertised(now, answer, to, Some(255), &bytes).unwrap();
            let state = host.state(now);
            assert_eq!(state.routers[0].form, Some(form));
            assert_eq!(state.default_routes[0].gateway, answer);
            let other = if answer == first { second } else { first };
            assert_eq!(asked_at(&mut host, now, 3), [answer, other, answer]);
        }
    }
}

/// An uplink that keeps coming and going must not keep the other form from its turn.
#[test]
fn events_do_not_start_over_with_the_form_that_was_not_answered() {
    let mut host = host(&[R1]);
    let (first, second) = (link_local(Form::Local, R1), link_local(Form::Global, R1));
    let mut now = START;
    for expected in [first, second, first] {
        assert_eq!(asked_at(&mut host, now, 1), [expected]);
        host.link_up();
        now += secs(10);
    }
}

#[test]
fn a_router_is_asked_again_at_four_fifths_of_the_shortest_lifetime() {
    let mut host = asked(&[R1]);
    tell(&mut host, START, R1, &advert()).unwrap();
    assert_eq!(follow(&mut host, START, 1)[0].0, START + secs(1440));
}

#[test]
fn the_least_interval_holds_for_short_lifetimes() {
    for (lifetime, expected) in [(140, 120), (10, 120), (200, 160)] {
        let mut host = asked(&[R1]);
        let advert = RouterAdvert {
            lifetime,
            ..advert()
        };
        tell(&mut host, START, R1, &advert).unwrap();
        assert_eq!(follow(&mut host, START, 1)[0].0, START + secs(expected));
    }
}

#[test]
fn the_parts_of_one_answer_count_together() {
    let mut host = asked(&[R1]);
    let short = RouterAdvert {
        prefixes: vec![information("2001:db8:0:2::/64", 600, 500)],
        ..advert()
    };
    tell(&mut host, START, R1, &short).unwrap();
    tell(&mut host, START + Duration::from_millis(1), R1, &advert()).unwrap();
    assert_eq!(follow(&mut host, START, 1)[0].0, START + secs(400));
}

#[test]
fn events_start_soliciting_anew() {
    let events: [fn(&mut Solicitor); 3] = [
        Solicitor::link_up,
        |host| {
            host.set_locator(None);
            host.set_locator(Some(HOST.into()));
        },
        |host| host.unreachable(R1.into()),
    ];
    for event in events {
        let mut host = asked(&[R1]);
        tell(&mut host, START, R1, &advert()).unwrap();
        event(&mut host);
        assert_eq!(host.next_deadline(), Some(Boottime::ZERO));
        let later = START + secs(10);
        assert!(follow(&mut host, later, 1)[0].0 <= later + secs(1));
        event(&mut host);
        host.link_up();
        assert!(follow(&mut host, later, 1)[0].0 >= later + secs(4));
    }
}

/// The latest of many hosts to ask, in thousandths of a second from `now` on.
fn latest(now: Boottime, event: fn(&mut Solicitor)) -> u128 {
    let delays = (0..200).map(|seed| {
        let mut host = asked(&[R1]);
        host.random = fastrand::Rng::with_seed(seed);
        event(&mut host);
        follow(&mut host, now, 1)[0].0.abs_diff(now).as_millis()
    });
    delays.max().unwrap()
}

#[test]
fn another_address_is_asked_from_within_half_a_second_but_not_where_a_link_came_up() {
    let now = START + secs(10);
    let moves: fn(&mut Solicitor) = |host| {
        host.set_locator(None);
        host.set_locator(Some([10, 0, 0, 6].into()));
    };
    assert!((400..=500).contains(&latest(now, moves)));
    let crowds: [fn(&mut Solicitor); 3] = [
        Solicitor::link_up,
        |host| {
            host.set_locator(None);
            host.link_up();
            host.set_locator(Some(HOST.into()));
        },
        |host| {
            host.set_routers(&BTreeSet::new());
            host.set_routers(&[R1.into()].into());
        },
    ];
    for event in crowds {
        assert!((900..=1000).contains(&latest(now, event)));
    }
}

#[test]
fn a_router_that_leaves_three_questions_unanswered_comes_last_until_it_answers() {
    let mut host = asked(&[R1, R2]);
    for router in [R1, R2] {
        tell(&mut host, START, router, &advert()).unwrap();
    }
    let silent = |host: &Solicitor, now| {
        let routes = host.state(now).default_routes.into_iter();
        let silent = routes.filter(|route| route.silent);
        silent.map(|route| route.via).collect::<Vec<_>>()
    };
    let mut now = START;
    for expected in [vec![], vec![], vec![], vec![Ipv4Addr::from(R1)]] {
        now = follow_only(&mut host, now, R1);
        tell(&mut host, now, R2, &advert()).unwrap();
        assert_eq!(silent(&host, now), expected);
    }
    host.link_up();
    host.poll(now);
    assert_eq!(
        silent(&host, now),
        [Ipv4Addr::from(R1)],
        "an event proves nothing"
    );
    tell(&mut host, now, R1, &advert()).unwrap();
    assert!(silent(&host, now).is_empty());
}

#[test]
fn a_silent_router_that_is_alive_again_is_asked_at_once() {
    let mut host = asked(&[R1]);
    tell(&mut host, START, R1, &advert()).unwrap();
    let sent = follow(&mut host, START, 12);
    let now = sent.last().unwrap().0;
    let rested = now + secs(60);
    let next = |host: &mut Solicitor| follow(host, rested, 1)[0].0;
    assert!(host.state(now).routers[0].silent);
    let mut left_alone = asked(&[R1]);
    left_alone.revived(Ipv4Addr::from(R1));
    assert_eq!(left_alone.poll(START), [], "it is not silent");
    host.revived(Ipv4Addr::from(R1));
    assert!(next(&mut host) <= rested + secs(1));
}

/// The time of the next question to `router`; other routers answer theirs.
fn follow_only(host: &mut Solicitor, mut now: Boottime, router: [u8; 4]) -> Boottime {
    loop {
        now = now.max(host.next_deadline().unwrap());
        let sent = host.poll(now);
        let to = sent
            .iter()
            .map(|rs| addr::embedded(&rs.destination.octets()).unwrap());
        let to: Vec<_> = to.collect();
        for other in to.iter().filter(|other| **other != router) {
            tell(host, now, *other, &advert()).unwrap();
        }
        if to.contains(&router) {
            return now;
        }
    }
}

#[test]
fn a_change_of_the_list_asks_the_new_router_only() {
    let mut host = asked(&[R1]);
    tell(&mut host, START, R1, &advert()).unwrap();
    host.set_routers(&BTreeSet::from([R1.into(), R2.into()]));
    host.poll(START);
    let sent = host.poll(START + secs(1));
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].destination, link_local(Form::Local, R2));
}

#[test]
fn nothing_is_sent_without_a_locator_or_a_router() {
    let mut empty = host(&[]);
    assert_eq!(
        (empty.next_deadline(), empty.poll(START)),
        (None, Vec::new())
    );
    let mut homeless = host(&[R1]);
    homeless.set_locator(None);
    assert_eq!(
        (homeless.next_deadline(), homeless.poll(START)),
        (None, Vec::new())
    );
}

#[test]
fn a_router_that_withdrew_is_visited() {
    let mut host = asked(&[R1]);
    let last = RouterAdvert {
        lifetime: 0,
        ..advert()
    };
    tell(&mut host, START, R1, &last).unwrap();
    assert_eq!(follow(&mut host, START, 1)[0].0, START + secs(600));
}

/// It says so three times, of which any may get lost, and may be back soon.
#[test]
fn a_router_that_ceases_is_asked_soon_and_then_ever_more_rarely() {
    let mut host = asked(&[R1]);
    tell(&mut host, START, R1, &advert()).unwrap();
    let ceased = START + secs(100);
    for round in 0..3 {
        let last = RouterAdvert::default();
        tell(&mut host, ceased + secs(3 * round), R1, &last).unwrap();
    }
    let now = ceased + secs(6);
    assert!(host.state(now).default_routes.is_empty());
    let sent = follow(&mut host, now, 4);
    assert_eq!(sent[0].0, ceased + secs(120));
    assert_eq!(sent[2].0, ceased + secs(128));
    assert!(sent[3].0 > ceased + secs(135));
    tell(&mut host, sent[3].0, R1, &advert()).unwrap();
    assert_eq!(host.state(sent[3].0).default_routes.len(), 1);
}
