//! Hosts are told what changes, and what they can no longer rely on.

use isatap_common::nd::{DnsServers, DomainName, SearchList};

use super::*;

const HOUR: Duration = Duration::from_hours(1);

fn prefix(text: &str) -> Prefix {
    Prefix::new(text.parse().unwrap(), 64).unwrap()
}

/// With a route, a name server and a search domain as well.
fn everything() -> Advertisement {
    let mut all = advertisement();
    let lifetime = Lifetime::Seconds(1800);
    all.content.routes.push(RouteInformation {
        prefix: prefix("2001:db8:f::"),
        preference: Preference::Low,
        lifetime,
    });
    all.content.dns_servers.push(DnsServers {
        lifetime,
        addresses: vec![
            "2001:db8::53".parse().unwrap(),
            "2001:db8::54".parse().unwrap(),
        ],
    });
    all.content.search_lists.push(SearchList {
        lifetime,
        names: vec![DomainName::new("example.com").unwrap()],
    });
    all
}

/// A router with this many hosts that have been answered at `START` or soon after.
fn told(advertisement: Advertisement, hosts: u16) -> Advertiser {
    let mut router = Advertiser::new(vec![ROUTER.into()], advertisement, 1);
    for number in 0..hosts {
        ask(&mut router, START, host(number), ALL_ROUTERS.into()).unwrap();
    }
    assert_eq!(drain(&mut router, START).len(), usize::from(hosts));
    router
}

#[test]
fn what_went_away_is_withdrawn_from_those_who_were_told_of_it() {
    let mut router = told(everything(), 2);
    let changed = START + Duration::from_secs(10);
    let mut less = everything();
    less.content.prefixes.clear();
    less.content.routes.clear();
    less.content.dns_servers[0].addresses.truncate(1);
    less.content.search_lists.clear();
    router.set_advertisement(changed, less);
    assert_eq!(router.withdrawing(), 4);
    let sent = drain(&mut router, changed);
    assert_eq!(sent.len(), 2 * 3, "each host is told three times");
    let (at, first) = &sent[0];
    assert!(at.saturating_sub(changed) <= MAX_DELAY);
    let first = content(first);
    assert_eq!(first.lifetime, 1800);
    let [gone] = first.prefixes[..] else {
        panic!("{:?}", first.prefixes)
    };
    assert_eq!(gone.prefix, prefix("2001:db8:0:1::"));
    assert_eq!(gone.preferred, Lifetime::ZERO);
    let Lifetime::Seconds(valid) = gone.valid else {
        panic!("no end")
    };
    assert!((7198..=7200).contains(&valid), "{valid}");
    assert_eq!(first.routes[0].lifetime, Lifetime::ZERO);
    assert_eq!(first.routes[0].preference, Preference::Low);
    let servers: Vec<_> = first
        .dns_servers
        .iter()
        .map(|o| (o.lifetime, &o.addresses[..]))
        .collect();
    let address = |text: &str| text.parse::<Ipv6Addr>().unwrap();
    assert_eq!(
        servers,
        [
            (Lifetime::Seconds(1800), &[address("2001:db8::53")][..]),
            (Lifetime::ZERO, &[address("2001:db8::54")][..]),
        ]
    );
    assert_eq!(first.search_lists[0].lifetime, Lifetime::ZERO);
}

/// Whoever asks while the two hours last is told as well, and how much of them is left; then it is
/// as if it had never been. What was told for less long is withdrawn for less long.
#[test]
fn the_withdrawal_ends() {
    let mut router = told(everything(), 0);
    let mut less = everything();
    less.content.prefixes.clear();
    less.content.routes.clear();
    router.set_advertisement(START, less.clone());
    let mut asked = |at| {
        ask(&mut router, at, host(7), ALL_ROUTERS.into()).unwrap();
        let sent = drain(&mut router, at);
        content(&sent[0].1)
    };
    let early = asked(START + Duration::from_mins(29));
    assert_eq!((early.prefixes.len(), early.routes.len()), (1, 1));
    let late = asked(START + HOUR);
    assert_eq!((late.prefixes.len(), late.routes.len()), (1, 0));
    let Lifetime::Seconds(valid) = late.prefixes[0].valid else {
        panic!("no end")
    };
    assert!((3599..=3600).contains(&valid), "{valid}");
    let after = asked(START + 2 * HOUR);
    assert_eq!(after, less.content);
}

#[test]
fn what_comes_back_is_no_longer_withdrawn() {
    let mut router = told(everything(), 1);
    router.set_advertisement(START + HOUR / 60, advertisement());
    assert_eq!(router.withdrawing(), 4);
    router.set_advertisement(START + HOUR / 30, everything());
    assert_eq!(router.withdrawing(), 0);
    let sent = drain(&mut router, START + HOUR / 30);
    assert_eq!(content(&sent[0].1), everything().content);
}

#[test]
fn withdrawals_are_bounded() {
    let mut router = told(advertisement(), 0);
    for round in 0..8 {
        let mut next = advertisement();
        let option = next.content.prefixes[0];
        next.content.prefixes = (0..1023)
            .map(|n| PrefixInformation {
                prefix: prefix(&format!("2001:db8:{round:x}:{n:x}::")),
                ..option
            })
            .collect();
        router.set_advertisement(START + round * HOUR / 60, next);
        assert!(router.withdrawing() <= 4096);
    }
    assert_eq!(router.withdrawing(), 4096);
}

/// Everybody who relies on us is told, at the rate; nobody else is.
#[test]
fn a_change_is_told_to_live_clients_alone_and_within_the_rate() {
    let mut router = told(advertisement(), 2000);
    let changed = START + Duration::from_mins(10);
    ask(&mut router, changed, host(1), ALL_ROUTERS.into()).unwrap();
    assert_eq!(drain(&mut router, changed).len(), 1);
    let later = START + Duration::from_mins(31);
    let same = advertisement();
    router.set_advertisement(later, same);
    assert_eq!(router.next_deadline(), None, "nothing has changed");
    let mut other = advertisement();
    other.content.hop_limit = 32;
    router.set_advertisement(later, other.clone());
    let sent = drain(&mut router, later);
    assert_eq!(sent.len(), 3, "only one has asked within the lifetime");
    assert!(sent.iter().all(|(_, advert)| advert.destination == host(1)));
    for (round, (at, _)) in sent.iter().enumerate() {
        let first = later + REPEAT * u32::try_from(round).unwrap();
        assert!((first..=first + MAX_DELAY).contains(at), "{at:?}");
    }
    let mut router = told(other, 2000);
    router.set_advertisement(changed, advertisement());
    let sent = drain(&mut router, changed);
    assert_eq!(sent.len(), 6000);
    let last = sent[1999].0.saturating_sub(changed);
    assert!(last >= Duration::from_millis(1900), "all in {last:?}");
}

#[test]
fn a_host_that_asks_while_it_is_being_told_waits_no_longer_for_that() {
    let mut router = told(advertisement(), 1);
    let changed = START + Duration::from_mins(1);
    router.set_advertisement(changed, everything());
    assert_eq!(router.poll(changed + MAX_DELAY).len(), 1);
    let asked = changed + Duration::from_secs(5);
    ask(&mut router, asked, host(0), ALL_ROUTERS.into()).unwrap();
    assert!(router.next_deadline().unwrap() <= asked + MAX_DELAY);
}

/// RFC 4861 section 6.2.5: a router that does not forward has lifetime zero, and the preference is
/// medium then (RFC 4191 section 2.2); and it says so, and that it is back.
#[test]
fn whether_we_forward_is_told() {
    let mut router = told(advertisement(), 3);
    for (minute, forwarding) in [(1, false), (2, true)] {
        let now = START + Duration::from_mins(minute);
        router.set_forwarding(now, forwarding);
        router.set_forwarding(now, forwarding);
        let sent = drain(&mut router, now);
        assert_eq!(sent.len(), 3 * 3);
        for (_, advert) in &sent {
            let content = content(advert);
            let expected = if forwarding {
                (1800, Preference::High)
            } else {
                (0, Preference::Medium)
            };
            assert_eq!((content.lifetime, content.preference), expected);
            assert_eq!(content.prefixes, advertisement().content.prefixes);
        }
    }
}

/// Hosts know us by the address that answered them; one that goes takes its hosts with it.
#[test]
fn hosts_of_an_address_that_stays_are_told_on() {
    let second = [192, 0, 2, 2];
    let both = vec![ROUTER.into(), second.into()];
    let mut router = Advertiser::new(both, advertisement(), 1);
    for (number, asked) in [(1, ROUTER), (2, second)] {
        ask(
            &mut router,
            START,
            host(number),
            link_local(Form::Local, asked),
        )
        .unwrap();
    }
    drain(&mut router, START);
    router.set_locators(vec![second.into()]);
    router.set_forwarding(START, false);
    let sent = drain(&mut router, START);
    assert!(sent.iter().all(|(_, advert)| advert.destination == host(2)));
    assert_eq!(sent.len(), 3);
}
