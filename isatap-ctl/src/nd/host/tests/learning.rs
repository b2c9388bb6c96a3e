use isatap_common::nd::NdError;

use super::*;

fn after(seconds: u64) -> Boottime {
    START + secs(seconds)
}

#[test]
fn an_advertisement_gives_addresses_routes_and_link_parameters() {
    let mut host = asked(&[R1]);
    tell(&mut host, START, R1, &advert()).unwrap();
    let state = host.state(START);
    let address = Address {
        address: "2001:db8:0:1:0:5efe:10.0.0.5".parse().unwrap(),
        preferred_until: Some(after(14_400)),
        valid_until: Some(after(86_400)),
    };
    assert_eq!(state.addresses, [address]);
    assert_eq!(state.on_link[0].prefix, prefix("2001:db8:0:1::/64"));
    let route = Route {
        prefix: prefix("::/0"),
        via: R1.into(),
        gateway: link_local(Form::Local, R1),
        preference: Preference::Medium,
        silent: false,
        valid_until: Some(after(1800)),
    };
    assert_eq!(state.default_routes, [route]);
    assert_eq!((state.mtu, state.hop_limit), (Some(1280), Some(64)));
    let router = state.routers[0];
    assert_eq!(
        (router.last_solicited, router.last_advertised),
        (Some(START), Some(START))
    );
    assert_eq!(
        (router.lifetime_end, router.form),
        (Some(after(1800)), Some(Form::Local))
    );
}

#[test]
fn only_routers_of_the_list_that_were_asked_are_believed() {
    let mut host = asked(&[R1]);
    assert_eq!(
        tell(&mut host, START, R2, &advert()),
        Err(Refusal::Unlisted)
    );
    let (source, to) = (link_local(Form::Local, R1), link_local(Form::Local, HOST));
    let late = START + ANSWER_WINDOW + secs(1);
    assert_eq!(
        tell(&mut host, late, R1, &advert()),
        Err(Refusal::Unsolicited)
    );
    let mut heard = |source: &str, to: Ipv6Addr, hop_limit| {
        let source = source.parse().unwrap();
        let bytes = advert().encode(source, to, 1280).remove(0);
        host.advertised(START, source, to, hop_limit, &bytes)
    };
    let router = source.to_string();
    assert_eq!(
        heard(&router, to, None),
        Err(Refusal::Invalid(NdError::HopLimit))
    );
    assert_eq!(
        heard(&router, to, Some(254)),
        Err(Refusal::Invalid(NdError::HopLimit))
    );
    assert_eq!(heard("fe80::1", to, Some(255)), Err(Refusal::Source));
    assert_eq!(
        heard("fe80::1:0:5efe:10.0.0.1", to, Some(255)),
        Err(Refusal::Source)
    );
    let elsewhere = link_local(Form::Local, R2);
    assert_eq!(
        heard(&router, elsewhere, Some(255)),
        Err(Refusal::Destination)
    );
    assert_eq!(heard(&router, ALL_NODES.into(), Some(255)), Ok(()));
    assert_eq!(tell(&mut host, late, R1, &advert()), Ok(()), "known by now");
}

#[test]
fn the_union_of_all_routers_holds_until_their_ends() {
    let mut host = asked(&[R1, R2]);
    let second = RouterAdvert {
        lifetime: 100,
        preference: Preference::High,
        prefixes: vec![information("2001:db8:0:2::/64", 50, 20)],
        ..advert()
    };
    tell(&mut host, START, R1, &advert()).unwrap();
    tell(&mut host, START, R2, &second).unwrap();
    host.poll(START);
    assert_eq!(host.next_deadline(), Some(after(20)), "deprecation");
    let at = |time: Duration| {
        let state = host.state(time);
        (
            state.default_routes.len(),
            state.addresses.len(),
            state.on_link.len(),
        )
    };
    let before = |seconds: u64| START + secs(seconds - 1) + Duration::from_nanos(999_999_999);
    assert_eq!(at(before(50)), (2, 2, 2));
    assert_eq!(at(after(50)), (2, 1, 1));
    assert_eq!(at(before(100)), (2, 1, 1));
    assert_eq!(at(after(100)), (1, 1, 1));
}

#[test]
fn zero_lifetimes_remove() {
    let mut host = asked(&[R1]);
    let told = |seconds: u16| {
        let lifetime = Lifetime::Seconds(seconds.into());
        RouterAdvert {
            lifetime: seconds,
            prefixes: vec![information(
                "2001:db8:0:1::/64",
                seconds.into(),
                seconds.into(),
            )],
            routes: vec![RouteInformation {
                prefix: prefix("2001:db8:f::/48"),
                preference: Preference::High,
                lifetime,
            }],
            dns_servers: vec![DnsServers {
                lifetime,
                addresses: vec!["2001:db8::53".parse().unwrap()],
            }],
            search_lists: vec![SearchList {
                lifetime,
                names: vec![DomainName::new("example.com").unwrap()],
            }],
            ..advert()
        }
    };
    let count = |host: &Solicitor| {
        let state = host.state(START);
        let routes = (state.default_routes.len(), state.routes.len());
        (
            routes,
            state.on_link.len(),
            state.dns_servers.len(),
            state.search_domains.len(),
        )
    };
    tell(&mut host, START, R1, &told(600)).unwrap();
    assert_eq!(count(&host), ((1, 1), 1, 1, 1));
    tell(&mut host, START, R1, &told(0)).unwrap();
    assert_eq!(count(&host), ((0, 0), 0, 0, 0));
    let address = host.state(START).addresses[0];
    assert_eq!(address.valid_until, Some(after(600)), "two-hour rule");
    assert_eq!(address.preferred_until, Some(START), "deprecated at once");
}

/// The parts of an advertisement in two messages, told again in another order, and one withdrawn.
#[test]
fn name_servers_keep_the_order_of_their_router() {
    let mut host = asked(&[R1, R2]);
    let servers = |digits: &str, seconds: u32| RouterAdvert {
        dns_servers: vec![DnsServers {
            lifetime: Lifetime::Seconds(seconds),
            addresses: digits
                .chars()
                .map(|digit| format!("2001:db8::{digit}").parse().unwrap())
                .collect(),
        }],
        ..advert()
    };
    let told = |host: &Solicitor| -> String {
        let servers = host.state(START).dns_servers.into_iter();
        let digits = servers.map(|server| server.address.to_string().pop().unwrap());
        digits.collect()
    };
    for (router, digits, seconds, expected) in [
        (R1, "31", 600, "31"),
        (R1, "92", 600, "3192"),
        (R2, "5", 600, "31925"),
        (R1, "31", 600, "31925"),
        (R1, "92", 600, "31925"),
        (R1, "4132", 600, "413295"),
        (R1, "3", 0, "41295"),
    ] {
        tell(&mut host, START, router, &servers(digits, seconds)).unwrap();
        assert_eq!(told(&host), expected, "after {digits}");
    }
}

#[test]
fn validity_is_shortened_below_two_hours_in_steps_only() {
    let seconds = Lifetime::Seconds;
    let at = |time| Expiry::At(START + secs(time));
    for (old, advertised, expected) in [
        (None, seconds(0), None),
        (None, seconds(5), Some(at(5))),
        (Some(at(0)), seconds(0), None),
        (Some(at(100)), seconds(200), Some(at(200))),
        (Some(at(100)), seconds(50), Some(at(100))),
        (Some(at(7200)), seconds(0), Some(at(7200))),
        (Some(at(9000)), seconds(7201), Some(at(7201))),
        (Some(at(9000)), seconds(7200), Some(at(7200))),
        (Some(at(9000)), seconds(0), Some(at(7200))),
        (Some(Expiry::Never), seconds(0), Some(at(7200))),
        (Some(Expiry::Never), Lifetime::Infinite, Some(Expiry::Never)),
    ] {
        assert_eq!(
            slaac::valid(START, old, advertised),
            expected,
            "{old:?} {advertised:?}"
        );
    }
}

#[test]
fn some_prefixes_form_no_address() {
    let mut host = asked(&[R1]);
    let mut passive = information("2001:db8:0:9::/64", 100, 50);
    passive.autonomous = false;
    let prefixes = vec![
        information("fe80::/64", 100, 50),
        information("2001:db8:0:2::/64", 50, 100),
        information("2001:db8:0:30::/63", 100, 50),
        information("2001:db8:0:4::/72", 100, 50),
        information("::/0", 100, 50),
        passive,
    ];
    let advert = RouterAdvert {
        prefixes,
        ..advert()
    };
    tell(&mut host, START, R1, &advert).unwrap();
    let state = host.state(START);
    assert_eq!((state.addresses.len(), state.on_link.len()), (0, 4));
}

#[test]
fn a_route_to_everything_overrides_the_header() {
    let mut host = asked(&[R1]);
    let with = |lifetime| RouterAdvert {
        routes: vec![RouteInformation {
            prefix: prefix("::/0"),
            preference: Preference::High,
            lifetime: Lifetime::Seconds(lifetime),
        }],
        ..advert()
    };
    tell(&mut host, START, R1, &with(60)).unwrap();
    let route = host.state(START).default_routes[0];
    assert_eq!(
        (route.preference, route.valid_until),
        (Preference::High, Some(after(60)))
    );
    tell(&mut host, START, R1, &with(0)).unwrap();
    assert_eq!(host.state(START).default_routes, []);
}

#[test]
fn out_of_range_mtu_and_hop_limit_are_not_believed() {
    for (mtu, hop_limit) in [(Some(1279), 31), (Some(1481), 0), (None, 1)] {
        let mut host = asked(&[R1]);
        tell(&mut host, START, R1, &advert()).unwrap();
        let other = RouterAdvert {
            mtu,
            hop_limit,
            ..advert()
        };
        tell(&mut host, START, R1, &other).unwrap();
        let state = host.state(START);
        assert_eq!((state.mtu, state.hop_limit), (Some(1280), Some(64)));
    }
}

#[test]
fn settings_refuse_each_kind() {
    let mut host = asked(&[R1]);
    tell(&mut host, START, R1, &advert()).unwrap();
    host.set_settings(Settings {
        accept_prefixes: false,
        accept_default: false,
        accept_routes: false,
        accept_mtu: false,
        accept_dns: false,
        min_hop_limit: 65,
        ..Settings::default()
    });
    for _ in 0..2 {
        let state = host.state(START);
        let routers = state.routers.clone();
        assert_eq!(
            state,
            HostState {
                routers,
                ..HostState::default()
            }
        );
        tell(&mut host, START, R1, &advert()).unwrap();
    }
}

#[test]
fn what_an_absent_router_told_goes_with_it() {
    let mut host = asked(&[R1, R2]);
    tell(&mut host, START, R1, &advert()).unwrap();
    tell(&mut host, START, R2, &advert()).unwrap();
    host.set_routers(&BTreeSet::from([R2.into()]));
    let state = host.state(START);
    assert_eq!((state.addresses.len(), state.default_routes.len()), (1, 1));
    host.set_routers(&BTreeSet::new());
    assert_eq!(host.state(START), HostState::default());
}

/// R1 advertises a prefix for `lifetime` seconds, R2 for `then` ten seconds later, before
/// anything is polled; then the list has only one of them.
fn addresses_left(lifetime: u32, then: u32, stays: [u8; 4]) -> usize {
    let mut host = asked(&[R1, R2]);
    for (now, from, valid) in [(START, R1, lifetime), (after(10), R2, then)] {
        let prefixes = vec![information("2001:db8:0:1::/64", valid, valid)];
        let advert = RouterAdvert {
            prefixes,
            ..advert()
        };
        tell(&mut host, now, from, &advert).unwrap();
    }
    assert_eq!(host.state(after(10)).addresses.len(), 1);
    host.set_routers(&BTreeSet::from([stays.into()]));
    host.state(after(11)).addresses.len()
}

#[test]
fn a_prefix_belongs_to_those_who_advertise_it_now() {
    assert_eq!(addresses_left(86_400, 86_400, R2), 1);
    assert_eq!(addresses_left(86_400, 0, R2), 0, "R2 withdrew it");
    assert_eq!(addresses_left(5, 86_400, R1), 0, "that of R1 has ended");
}

#[test]
fn addresses_follow_the_locator() {
    let mut host = asked(&[R1]);
    tell(&mut host, START, R1, &advert()).unwrap();
    host.set_locator(Some(PUBLIC.into()));
    let address: Ipv6Addr = "2001:db8:0:1:200:5efe:8.8.8.8".parse().unwrap();
    assert_eq!(host.state(START).addresses[0].address, address);
    host.set_locator(None);
    assert_eq!(host.state(START).addresses, []);
}

#[test]
fn a_router_that_is_none_any_more_is_no_next_hop_until_it_advertises() {
    let mut host = asked(&[R1, R2]);
    for router in [R1, R2] {
        let advert = RouterAdvert {
            routes: vec![RouteInformation {
                prefix: prefix("2001:db8:f::/48"),
                preference: Preference::High,
                lifetime: Lifetime::Seconds(600),
            }],
            ..advert()
        };
        tell(&mut host, START, router, &advert).unwrap();
    }
    host.ceased(R1.into());
    let state = host.state(START);
    let routes = state.default_routes.iter().chain(&state.routes);
    let via: Vec<_> = routes.map(|route| route.via.octets()).collect();
    assert_eq!(via, [R2, R2]);
    assert_eq!(state.addresses.len(), 1, "prefixes stay");
    assert_eq!(state.routers[0].lifetime_end, None);
    tell(&mut host, START, R1, &advert()).unwrap();
    assert_eq!(host.state(START).default_routes.len(), 2);
}
