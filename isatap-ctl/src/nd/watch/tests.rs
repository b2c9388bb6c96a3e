use isatap_common::addr::{Form, link_local};
use isatap_common::nd::{
    DnsServers, DomainName, Lifetime, NdError, Prefix, PrefixInformation, RouterAdvert, SearchList,
};

use super::*;

const OURS: [u8; 4] = [10, 0, 0, 1];
const PEER: [u8; 4] = [10, 0, 0, 2];
const START: Boottime = Duration::from_secs(1000);
const SECOND: Duration = Duration::from_secs(1);

fn address(ipv4: [u8; 4]) -> Ipv6Addr {
    link_local(Form::of(ipv4), ipv4).into()
}

fn prefix(text: &str) -> Prefix {
    Prefix::new(text.parse().unwrap(), 64).unwrap()
}

fn of(prefix: Prefix, valid: u32, preferred: u32) -> PrefixInformation {
    PrefixInformation {
        prefix,
        on_link: true,
        autonomous: true,
        valid: Lifetime::Seconds(valid),
        preferred: Lifetime::Seconds(preferred),
    }
}

fn advert() -> RouterAdvert {
    RouterAdvert {
        hop_limit: 64,
        lifetime: 1800,
        reachable_time: 30_000,
        retrans_timer: 1000,
        mtu: Some(1480),
        prefixes: vec![of(prefix("2001:db8:0:1::"), 86_400, 14_400)],
        dns_servers: vec![DnsServers {
            lifetime: Lifetime::Seconds(1800),
            addresses: vec!["2001:db8::53".parse().unwrap()],
        }],
        search_lists: vec![SearchList {
            lifetime: Lifetime::Seconds(1800),
            names: vec![DomainName::new("example.com").unwrap()],
        }],
        ..RouterAdvert::default()
    }
}

fn told(advert: RouterAdvert) -> Told {
    Told {
        advert,
        ..Told::default()
    }
}

/// A router that advertises and has asked its peer.
fn watch() -> Watch {
    let mut watch = Watch::new(1);
    watch.follow(&BTreeSet::from([PEER.into()]), Some(OURS.into()));
    watch.set_told(START, told(advert()));
    assert_eq!(watch.poll(START), (vec![], vec![]), "after a random delay");
    let (questions, _) = watch.poll(START + SECOND);
    assert_eq!(questions.len(), 1);
    assert_eq!(questions[0].source, address(OURS));
    assert_eq!(questions[0].destination, address(PEER));
    watch
}

fn hear(watch: &mut Watch, now: Boottime, advert: &RouterAdvert) -> Result<(), Refusal> {
    let (from, to) = (address(PEER), address(OURS));
    for message in advert.encode(from, to, 1280) {
        watch.advertised(now, from, to, Some(255), &message)?;
    }
    Ok(())
}

/// What is new once all parts of an advertisement must have come.
fn news(watch: &mut Watch, now: Boottime, advert: &RouterAdvert) -> Vec<News> {
    hear(watch, now, advert).unwrap();
    assert_eq!(watch.poll(now).1, []);
    watch.poll(now + SECOND).1
}

fn differs(item: Item, ours: &str, theirs: &str) -> News {
    let (ours, theirs) = (ours.to_owned(), theirs.to_owned());
    News::Differs(PEER.into(), item, Difference { ours, theirs })
}

fn known(watch: &Watch) -> PeerState {
    watch.peers(START).next().unwrap()
}

type Change = fn(&mut RouterAdvert);

#[test]
fn each_contradiction_is_told_once_and_so_is_its_end() {
    let server = "2001:db8::53".parse().unwrap();
    let name = DomainName::new("example.com").unwrap();
    let same = prefix("2001:db8:0:1::");
    let change: [(Change, News); 10] = [
        (|it| it.hop_limit = 32, differs(Item::HopLimit, "64", "32")),
        (
            |it| it.managed = true,
            differs(Item::Managed, "false", "true"),
        ),
        (|it| it.other = true, differs(Item::Other, "false", "true")),
        (
            |it| it.reachable_time = 1,
            differs(Item::ReachableTime, "30000 ms", "1 ms"),
        ),
        (
            |it| it.retrans_timer = 1,
            differs(Item::RetransTimer, "1000 ms", "1 ms"),
        ),
        (|it| it.mtu = Some(1400), differs(Item::Mtu, "1480", "1400")),
        (
            |it| it.prefixes[0].valid = Lifetime::Infinite,
            differs(Item::Valid(same), "86400 s", "infinite"),
        ),
        (
            |it| it.prefixes[0].preferred = Lifetime::Seconds(60),
            differs(Item::Preferred(same), "14400 s", "60 s"),
        ),
        (
            |it| it.dns_servers[0].lifetime = Lifetime::ZERO,
            differs(Item::Server(server), "1800 s", "0 s"),
        ),
        (
            |it| it.search_lists[0].lifetime = Lifetime::Seconds(60),
            differs(Item::Domain(name), "1800 s", "60 s"),
        ),
    ];
    let mut watch = watch();
    let mut now = START + SECOND;
    for (change, expected) in change {
        let mut other = advert();
        change(&mut other);
        assert_eq!(
            news(&mut watch, now, &other),
            std::slice::from_ref(&expected)
        );
        assert_eq!(known(&watch).differences.len(), 1);
        now += 5 * SECOND;
        assert_eq!(news(&mut watch, now, &other), [], "it is known");
        now += 5 * SECOND;
        let News::Differs(_, item, _) = expected else {
            unreachable!()
        };
        assert_eq!(
            news(&mut watch, now, &advert()),
            [News::Agrees(PEER.into(), item)]
        );
        assert!(known(&watch).differences.is_empty());
        now += 5 * SECOND;
    }
    assert_eq!(known(&watch).advertised, 30);
}

#[test]
fn what_is_not_specified_or_told_by_one_alone_is_no_contradiction() {
    let unspecified = RouterAdvert {
        prefixes: vec![of(prefix("2001:db8:0:2::"), 60, 30)],
        ..RouterAdvert::default()
    };
    let mut watch = watch();
    assert_eq!(news(&mut watch, START + SECOND, &unspecified), []);
    let of_the_router_itself = RouterAdvert {
        lifetime: 0,
        preference: isatap_common::nd::Preference::High,
        ..advert()
    };
    let later = START + 10 * SECOND;
    assert_eq!(news(&mut watch, later, &of_the_router_itself), []);
    assert_eq!(known(&watch).router.lifetime_end, None);
    watch.set_told(
        later,
        told(RouterAdvert {
            managed: true,
            ..advert()
        }),
    );
    assert_eq!(
        watch.poll(later).1,
        [differs(Item::Managed, "true", "false")]
    );
    let farewell = RouterAdvert::default();
    let later = later + 10 * SECOND;
    let agrees = News::Agrees(PEER.into(), Item::Managed);
    assert_eq!(news(&mut watch, later, &farewell), [agrees]);
}

/// The lifetimes that we tell decrement then, and so may theirs: it is the ends that count.
#[test]
fn a_prefix_that_is_withdrawn_may_end_about_when_the_peer_lets_it_end() {
    let gone = prefix("2001:db8:0:1::");
    let end = START + Duration::from_hours(2);
    let mut told = told(advert());
    told.advert.prefixes.clear();
    told.ending.insert(gone, end);
    let heard = |now: Boottime, valid, preferred| {
        let mut watch = watch();
        watch.set_told(now, told.clone());
        let mut theirs = advert();
        theirs.prefixes = vec![of(gone, valid, preferred)];
        news(&mut watch, now, &theirs)
    };
    let now = START + 20 * SECOND;
    let left = u32::try_from(end.saturating_sub(now).as_secs()).unwrap();
    assert_eq!(heard(now, left, 0), []);
    assert_eq!(heard(now, left - 299, 0), [], "changed a little earlier");
    let valid = left - 301;
    assert_eq!(
        heard(now, valid, 0),
        [differs(
            Item::Valid(gone),
            &format!("{left} s"),
            &format!("{valid} s")
        )]
    );
    assert_eq!(
        heard(now, left, 60),
        [differs(Item::Preferred(gone), "0 s", "60 s")]
    );
}

#[test]
fn our_own_change_is_compared_at_once() {
    let mut watch = watch();
    assert_eq!(news(&mut watch, START + SECOND, &advert()), []);
    let mut other = advert();
    other.mtu = Some(1400);
    let now = START + 60 * SECOND;
    watch.set_told(now, told(other));
    assert_eq!(watch.next_deadline(), Some(now));
    assert_eq!(watch.poll(now).1, [differs(Item::Mtu, "1400", "1480")]);
    watch.set_told(now, told(advert()));
    assert_eq!(watch.poll(now).1, [News::Agrees(PEER.into(), Item::Mtu)]);
}

/// The first part has none of the last prefixes.
#[test]
fn the_parts_of_an_advertisement_are_compared_together() {
    let mut many = advert();
    let more = (0..100).map(|n| of(prefix(&format!("2001:db8:1:{n:x}::")), 60, 30));
    many.prefixes = more.chain(many.prefixes).collect();
    many.prefixes[100].valid = Lifetime::Infinite;
    assert!(many.encode(address(PEER), address(OURS), 1280).len() > 2);
    let mut watch = watch();
    let mut now = START + SECOND;
    let item = Item::Valid(prefix("2001:db8:0:1::"));
    let expected = [differs(item, "86400 s", "infinite")];
    assert_eq!(news(&mut watch, now, &many), expected);
    for _ in 0..3 {
        now += 5 * SECOND;
        assert_eq!(news(&mut watch, now, &many), [], "nothing came or went");
    }
}

/// However often a peer advertises, it is compared.
#[test]
fn a_peer_that_never_stops_is_compared_all_the_same() {
    let mut watch = watch();
    let mut other = advert();
    other.managed = true;
    let mut news = Vec::new();
    for tenth in 0..30 {
        let now = START + SECOND + Duration::from_millis(100) * tenth;
        hear(&mut watch, now, &other).unwrap();
        news.extend(watch.poll(now).1);
    }
    assert_eq!(news, [differs(Item::Managed, "false", "true")]);
    let heard = watch.peers.values().next().unwrap().heard.as_ref().unwrap();
    assert!(heard.advert.prefixes.len() <= 10, "the parts of a second");
}

#[test]
fn only_peers_that_were_asked_are_heard_by_the_rules_for_hosts() {
    let mut watch = watch();
    let now = START + SECOND;
    let take = |watch: &mut Watch, from, to, hop_limit| {
        let message = &advert().encode(from, to, 1280)[0];
        watch.advertised(now, from, to, hop_limit, message)
    };
    let (peer, ours) = (address(PEER), address(OURS));
    let stranger = address([10, 0, 0, 3]);
    assert_eq!(
        take(&mut watch, stranger, ours, Some(255)),
        Err(Refusal::Unlisted)
    );
    assert_eq!(
        take(&mut watch, peer, stranger, Some(255)),
        Err(Refusal::Destination)
    );
    assert_eq!(
        take(&mut watch, peer, ours, Some(254)),
        Err(Refusal::Invalid(NdError::HopLimit))
    );
    let elsewhere = "fe80::1".parse().unwrap();
    assert_eq!(
        take(&mut watch, elsewhere, ours, Some(255)),
        Err(Refusal::Source)
    );
    assert_eq!(known(&watch).advertised, 0);
    assert_eq!(take(&mut watch, peer, ours, Some(255)), Ok(()));
    assert_eq!(known(&watch).advertised, 1);
}

#[test]
fn a_peer_that_does_not_answer_is_silent_and_told_so_once() {
    let mut watch = watch();
    let mut now = START + SECOND;
    let mut news = Vec::new();
    while now < START + Duration::from_mins(3) {
        let Some(deadline) = watch.next_deadline() else {
            panic!("it is asked on and on")
        };
        now = now.max(deadline);
        news.extend(watch.poll(now).1);
    }
    assert_eq!(news, [News::Silent(PEER.into())]);
    assert!(known(&watch).router.silent);
    hear(&mut watch, now, &advert()).unwrap();
    assert_eq!(watch.poll(now).1, [News::Answers(PEER.into())]);
    assert!(!known(&watch).router.silent);
}

/// Whatever lifetimes it advertises: a change has to be noticed.
#[test]
fn a_peer_is_asked_again_within_ten_minutes() {
    let mut endless = advert();
    endless.lifetime = 65_535;
    endless.prefixes[0].valid = Lifetime::Infinite;
    for heard in [advert(), endless, RouterAdvert::default()] {
        let mut watch = watch();
        let now = START + SECOND;
        news(&mut watch, now, &heard);
        let next = watch.next_deadline().unwrap();
        assert!(
            next <= now + INTERVAL && next >= now + 120 * SECOND,
            "{next:?}"
        );
        assert_eq!(watch.poll(next).0.len(), 1);
    }
}

#[test]
fn peers_come_and_go() {
    let mut watch = watch();
    let mut other = advert();
    other.managed = true;
    news(&mut watch, START + SECOND, &other);
    let third = Ipv4Addr::new(10, 0, 0, 3);
    watch.follow(&BTreeSet::from([third]), Some(OURS.into()));
    let peers: Vec<_> = watch.peers(START).collect();
    assert_eq!(peers.len(), 1);
    assert_eq!(peers[0].router.router, third);
    assert!(peers[0].differences.is_empty());
    watch.follow(&BTreeSet::new(), Some(OURS.into()));
    assert_eq!(watch.next_deadline(), None);
}
