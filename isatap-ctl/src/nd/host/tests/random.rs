use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
struct Event {
    wait: u64,
    from: [u8; 4],
    advert: RouterAdvert,
    flip: Option<(usize, u8)>,
    members: Option<Vec<[u8; 4]>>,
}

fn router() -> impl Strategy<Value = [u8; 4]> {
    prop_oneof![Just(R1), Just(R2), Just(PUBLIC), Just([10, 0, 0, 99])]
}

fn lifetime() -> impl Strategy<Value = Lifetime> {
    prop_oneof![Just(0), Just(u32::MAX), 1..20_000_u32].prop_map(Lifetime::from_wire)
}

fn network(length: impl Strategy<Value = u8>) -> impl Strategy<Value = Prefix> {
    (0..4_u16, length).prop_map(|(number, length)| {
        let address = Ipv6Addr::new(0x2001, 0xdb8, 0, number, 0, 0, 0, 0);
        Prefix::new(address, length).unwrap()
    })
}

prop_compose! {
    fn option()(
        prefix in network(Just(64)),
        (on_link, autonomous) in any::<(bool, bool)>(),
        valid in lifetime(),
        preferred in lifetime(),
    ) -> PrefixInformation {
        PrefixInformation { prefix, on_link, autonomous, valid, preferred }
    }
}

prop_compose! {
    fn route()(prefix in network(0..=128_u8), lifetime in lifetime()) -> RouteInformation {
        RouteInformation { prefix, preference: Preference::Low, lifetime }
    }
}

prop_compose! {
    fn event()(
        wait in 0..4000_u64,
        from in router(),
        lifetime in 0..4000_u16,
        prefixes in vec(option(), 0..3),
        routes in vec(route(), 0..3),
        flip in weighted(0.2, (0..200_usize, any::<u8>())),
        members in weighted(0.2, vec(router(), 0..3)),
    ) -> Event {
        let advert = RouterAdvert { lifetime, prefixes, routes, ..RouterAdvert::default() };
        Event { wait, from, advert, flip, members }
    }
}

/// What the host is told, and the message as it understands it.
fn deliver(host: &mut Solicitor, now: Boottime, event: &Event) -> Option<RouterAdvert> {
    let source = link_local(Form::of(event.from), event.from);
    let destination = link_local(Form::Local, HOST);
    let mut bytes = event.advert.encode(source, destination, u16::MAX).remove(0);
    if let Some((at, bits)) = event.flip
        && let Some(byte) = bytes.get_mut(at)
    {
        *byte ^= bits;
        isatap_common::nd::fill(source, destination, &mut bytes);
    }
    let hop_limit = Some(255);
    let taken = host.advertised(now, source, destination, hop_limit, &bytes);
    let received = Received {
        source,
        destination,
        hop_limit,
        bytes: &bytes,
    };
    taken
        .ok()
        .map(|()| RouterAdvert::decode(&received).unwrap())
}

/// The latest end that `advert` allows to anything.
fn latest(now: Boottime, advert: &RouterAdvert) -> Option<Expiry> {
    let header = Lifetime::Seconds(advert.lifetime.into());
    let prefixes = advert.prefixes.iter().map(|option| option.valid);
    let routes = advert.routes.iter().map(|option| option.lifetime);
    let ends = prefixes.chain(routes).chain([header]);
    ends.map(|lifetime| Expiry::after(now, lifetime)).max()
}

fn ends(state: &HostState) -> Vec<Option<Boottime>> {
    let routes = state.default_routes.iter().chain(&state.routes);
    let prefixes = state.on_link.iter().map(|prefix| prefix.valid_until);
    let addresses = state.addresses.iter().map(|address| address.valid_until);
    routes
        .map(|route| route.valid_until)
        .chain(prefixes)
        .chain(addresses)
        .collect()
}

proptest! {
    #[test]
    fn any_course_of_events_keeps_the_promises(events in vec(event(), 1..30)) {
        let mut members: BTreeSet<Ipv4Addr> = BTreeSet::from([R1.into(), PUBLIC.into()]);
        let mut host = host(&[R1, PUBLIC]);
        let (mut now, mut bound) = (START, None);
        for event in events {
            if let Some(list) = &event.members {
                members = list.iter().map(|router| (*router).into()).collect();
                host.set_routers(&members);
            }
            now += secs(event.wait);
            host.poll(now);
            now += secs(1);
            host.poll(now);
            if let Some(advert) = deliver(&mut host, now, &event) {
                bound = bound.max(latest(now, &advert));
            }
            let state = host.state(now);
            let mut routes = state.default_routes.iter().chain(&state.routes);
            prop_assert!(routes.all(|route| members.contains(&route.via)));
            for end in ends(&state) {
                prop_assert!(end.is_none_or(|end| end > now));
                prop_assert!(Some(end.map_or(Expiry::Never, Expiry::At)) <= bound);
            }
        }
    }
}
