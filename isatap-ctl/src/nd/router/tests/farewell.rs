//! What hosts hear last, and who is known to rely on the router meanwhile and afterwards.

use std::collections::BTreeMap;

use super::*;

const APART: Duration = Duration::from_secs(3);

fn client(number: u16, until: Boottime) -> Answered {
    let [high, low] = number.to_be_bytes();
    Answered {
        host: [10, 1, high, low].into(),
        address: host(number),
        router: link_local(Form::Local, ROUTER),
        since: START,
        at: START,
        until,
    }
}

fn clients(count: u16) -> Vec<Answered> {
    let until = START + Duration::from_mins(30);
    (0..count).map(|number| client(number, until)).collect()
}

fn route() -> Prefix {
    Prefix::new("2001:db8:f::".parse().unwrap(), 48).unwrap()
}

fn say(farewell: &mut Farewell) -> Vec<(Boottime, Advert)> {
    let (mut now, mut sent) = (START, Vec::new());
    while let Some(deadline) = farewell.next_deadline() {
        now = now.max(deadline);
        sent.extend(farewell.poll(now).into_iter().map(|advert| (now, advert)));
    }
    sent
}

#[test]
fn each_host_is_told_three_times_that_this_is_no_router_any_more() {
    let mut farewell = Farewell::new(START, clients(2), [route()], 1000, APART);
    assert_eq!(farewell.untold(), 2);
    let sent = say(&mut farewell);
    assert_eq!(farewell.untold(), 0);
    assert_eq!(sent.len(), 2 * 3);
    for (count, (at, advert)) in sent.iter().enumerate() {
        let round = u32::try_from(count / 2).unwrap();
        assert_eq!(*at, START + APART * round);
        assert_eq!(advert.source, link_local(Form::Local, ROUTER));
        assert_eq!(advert.destination, host(u16::try_from(count % 2).unwrap()));
        let heard = content(advert);
        assert_eq!((heard.lifetime, heard.preference), (0, Preference::Medium));
        assert_eq!(heard.prefixes, [], "they are the site's");
        let ended = heard
            .routes
            .iter()
            .map(|route| (route.prefix, route.lifetime));
        assert!(ended.eq([(route(), Lifetime::ZERO)]));
    }
}

#[test]
fn a_farewell_keeps_the_rate_and_its_rounds_follow_each_other() {
    let mut farewell = Farewell::new(START, clients(500), [], 100, APART);
    let sent = say(&mut farewell);
    assert_eq!(sent.len(), 3 * 500);
    for (count, (at, advert)) in sent.iter().enumerate() {
        let most = at.saturating_sub(START).as_millis() / 10 + 6;
        assert!(u128::try_from(count).unwrap() < most, "{count} at {at:?}");
        assert_eq!(
            advert.destination,
            host(u16::try_from(count % 500).unwrap())
        );
    }
    let nobody = Farewell::new(START, Vec::new(), [], 100, APART);
    assert_eq!(nobody.next_deadline(), None);
}

/// A map that follows what changed is what the router knows.
#[test]
fn what_changes_of_the_hosts_is_told_whenever_it_does() {
    let mut router = advertiser();
    let mut map = BTreeMap::new();
    let mut follow = |router: &mut Advertiser| {
        for (host, client) in router.take_changed() {
            match client {
                Some(client) => map.insert(host, client),
                None => map.remove(&host),
            };
        }
        assert!(map.values().copied().eq(router.answered()));
        assert_eq!(router.take_changed(), []);
        map.len()
    };
    for number in 0..3 {
        ask(&mut router, START, host(number), ALL_ROUTERS.into()).unwrap();
    }
    assert_eq!(follow(&mut router), 0);
    drain(&mut router, START);
    assert_eq!(follow(&mut router), 3);
    let later = START + Duration::from_mins(20);
    ask(&mut router, later, host(1), ALL_ROUTERS.into()).unwrap();
    drain(&mut router, later);
    assert_eq!(follow(&mut router), 3);
    router.poll(START + Duration::from_mins(40));
    assert_eq!(follow(&mut router), 1, "two have not asked again");
    router.renew();
    assert_eq!(router.take_changed().len(), 1, "for another map");
    router.set_locators(vec![[192, 0, 2, 7].into()]);
    assert_eq!(follow(&mut router), 0, "it knows another address");
}

#[test]
fn the_hosts_of_an_earlier_process_are_told_what_changes() {
    let mut router = advertiser();
    let until = START + Duration::from_mins(10);
    let of_another_address = Answered {
        router: link_local(Form::Local, [192, 0, 2, 7]),
        ..client(2, until)
    };
    let known = [client(0, until), client(1, START), of_another_address];
    router.restore(
        START,
        &Earlier {
            hosts: known.to_vec(),
            ..Earlier::default()
        },
    );
    assert!(router.answered().eq([known[0]]));
    let changed: BTreeMap<_, _> = router.take_changed().into_iter().collect();
    let gone = changed.values().filter(|client| client.is_none()).count();
    assert_eq!((changed.len(), gone), (3, 2), "the others are forgotten");
    let mut other = advertisement();
    other.content.lifetime = 600;
    router.set_advertisement(START, other);
    let sent = drain(&mut router, START);
    assert_eq!(sent[0].1.destination, host(0));
    assert_eq!(sent.len(), 3);
}

#[test]
fn a_route_of_an_earlier_process_is_withdrawn_unless_it_is_told_still() {
    let until = START + Duration::from_mins(10);
    let [kept, gone, ended] = ["2001:db8:f::", "2001:db8:e::", "2001:db8:d::"]
        .map(|address| Prefix::new(address.parse().unwrap(), 48).unwrap());
    let mut wanted = advertisement();
    wanted.content.routes.push(RouteInformation {
        prefix: kept,
        preference: Preference::Medium,
        lifetime: Lifetime::Seconds(1800),
    });
    let mut router = Advertiser::new(vec![ROUTER.into()], wanted, 7);
    let earlier = Earlier {
        hosts: vec![client(0, until)],
        routes: [(kept, Boottime::MAX), (gone, Boottime::MAX), (ended, START)].into(),
    };
    router.restore(START, &earlier);
    let hours = START + Duration::from_hours(2);
    assert!(
        router
            .told_routes()
            .into_iter()
            .eq([(gone, hours), (kept, Boottime::MAX)])
    );
    let heard = content(&drain(&mut router, START)[0].1);
    let lifetimes = heard.routes.iter().map(|told| (told.prefix, told.lifetime));
    let lifetimes: Vec<_> = lifetimes.collect();
    assert_eq!(
        lifetimes,
        [(kept, Lifetime::Seconds(1800)), (gone, Lifetime::ZERO)]
    );
}
