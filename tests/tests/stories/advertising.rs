//! What a router tells the hosts that asked it.

use std::net::Ipv6Addr;

use isatap_common::nd::{Lifetime, NeighborAdvert, Received, RouterAdvert};
use isatap_tests::bare::{BareHost, Heard, link_local};

use super::*;

const SOON: Duration = PATIENCE;
const ADVERTISEMENT: u8 = 134;

/// The site's router with one more of everything.
fn everything(device: &str) -> String {
    let base = isatap_tests::config::router(device, Xdp::Auto);
    format!(
        "{base}[[router.prefix]]\nprefix = \"2001:db8:0:2::/64\"\n\
         [[router.route]]\nprefix = \"2001:db8:f::/48\"\n\
         [router.dns]\nservers = [\"2001:db8::53\"]\nsearch = [\"example.com\"]\n"
    )
}

fn received(heard: &Heard) -> Received<'_> {
    Received {
        source: heard.source,
        destination: heard.destination,
        hop_limit: Some(heard.hop_limit),
        bytes: &heard.bytes,
    }
}

/// What a host reads in an advertisement.
fn advert(heard: &Heard) -> RouterAdvert {
    assert_eq!(heard.outer_source, ROUTER);
    RouterAdvert::decode(&received(heard)).unwrap()
}

fn hear(host: &mut BareHost) -> Option<RouterAdvert> {
    let heard = host.hear(ADVERTISEMENT, SOON).unwrap();
    heard.as_ref().map(advert)
}

/// A host that has asked, and what it was told.
fn asked(lab: &Lab) -> (BareHost, RouterAdvert) {
    let mut host = BareHost::new(&lab.site.host_a, HOST_A).unwrap();
    host.solicit(ROUTER).unwrap();
    let told = hear(&mut host).unwrap();
    (host, told)
}

#[test]
fn a_reload_withdraws_what_went_away_from_hosts_that_were_told() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    let device = lab.names.router_device().to_owned();
    let router = lab.router_mut().unwrap();
    router.configure(&everything(&device)).unwrap();
    router.reload().unwrap();
    lab.start_host_b().unwrap();
    let host_status = |lab: &Lab| lab.host_b().unwrap().json(&["status"]).unwrap();
    let learned = within(PATIENCE, || {
        let status = host_status(&lab);
        (status["dns"]["servers"][0] == "2001:db8::53").then_some(status)
    });
    let status = learned.unwrap();
    assert_eq!(status["prefixes"].as_array().unwrap().len(), 2);
    let (mut host, told) = asked(&lab);
    assert_eq!((told.prefixes.len(), told.routes.len()), (2, 1));

    let router = lab.router_mut().unwrap();
    let less = isatap_tests::config::router(&device, Xdp::Auto);
    router.configure(&less).unwrap();
    router.reload().unwrap();
    let told = hear(&mut host).unwrap();
    let [kept, gone] = told.prefixes[..] else {
        panic!("{:?}", told.prefixes)
    };
    assert!(kept.preferred > Lifetime::ZERO && gone.preferred == Lifetime::ZERO);
    assert!(gone.valid <= Lifetime::Seconds(7200), "{:?}", gone.valid);
    assert_eq!(told.routes[0].lifetime, Lifetime::ZERO);
    assert_eq!(told.dns_servers[0].lifetime, Lifetime::ZERO);
    assert_eq!(told.search_lists[0].lifetime, Lifetime::ZERO);
    let withdrawn = within(SOON, || {
        let shown = lab
            .site
            .host_b
            .run("ip -6 addr show to 2001:db8:0:2::/64")
            .ok()?;
        let status = host_status(&lab);
        let no_names = status["dns"]["servers"].as_array()?.is_empty();
        (shown.contains("deprecated") && no_names).then_some(())
    });
    assert!(withdrawn.is_some(), "the host uses what was withdrawn");
    let left = lab
        .site
        .host_b
        .run("ip -6 route show 2001:db8:f::/48")
        .unwrap();
    assert_eq!(left, "");
}

/// RFC 4861 section 6.2.3: all of it, in as many messages as the MTU needs.
#[test]
fn sixty_prefixes_come_in_messages_that_fit() {
    let mut lab = lab();
    let device = lab.names.router_device().to_owned();
    lab.start_router(Xdp::Auto).unwrap();
    let more = |n: u32| format!("[[router.prefix]]\nprefix = \"2001:db8:1:{n:x}::/64\"\n");
    let config = everything(&device) + &(0..60).map(more).collect::<String>();
    let router = lab.router_mut().unwrap();
    router.configure(&config).unwrap();
    router.reload().unwrap();
    let (mut host, first) = asked(&lab);
    let mut parts = vec![first];
    while parts.iter().map(|part| part.prefixes.len()).sum::<usize>() < 62 {
        parts.push(hear(&mut host).unwrap());
    }
    assert!(parts.len() > 1);
    assert!(
        parts
            .iter()
            .all(|part| (part.lifetime, part.hop_limit) == (1800, 64))
    );
    assert_eq!(parts.last().unwrap().dns_servers.len(), 1);
    assert_eq!(parts.last().unwrap().search_lists.len(), 1);
}

/// RFC 4861 section 6.2.5, for the whole machine and for the device alone.
#[test]
fn a_router_that_does_not_forward_says_so_and_says_that_it_is_back() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    let device = lab.names.router_device();
    let (mut host, told) = asked(&lab);
    assert_eq!(told.lifetime, 1800);
    for key in ["all", device] {
        let key = format!("net.ipv6.conf.{key}.forwarding");
        for (value, lifetime) in [("0", 0), ("1", 1800)] {
            lab.site
                .router
                .sysctl(&[&format!("{key}={value}")])
                .unwrap();
            let heard = host.hear_that(2 * SOON, |heard| {
                heard.bytes.first() == Some(&ADVERTISEMENT) && advert(heard).lifetime == lifetime
            });
            assert!(heard.unwrap().is_some(), "{key}={value} was not told");
            let kept = lab.site.router.run(&format!("sysctl -n {key}")).unwrap();
            assert_eq!(kept.trim(), value);
        }
    }
}

/// RFC 4861 sections 7.1.1 and 7.2.4: S and R set, O clear; R is clear without forwarding.
#[test]
fn neighbor_solicitations_for_our_addresses_are_answered_and_no_others() {
    let mut lab = lab();
    lab.start_router(Xdp::Auto).unwrap();
    let mut host = BareHost::new(&lab.site.host_a, HOST_A).unwrap();
    let canonical = link_local(ROUTER);
    let other = Ipv6Addr::from_bits(canonical.to_bits() | 0x0200 << 48);
    let ask = |host: &BareHost, to: Ipv6Addr, target: Ipv6Addr, hop_limit| {
        let body = [&[0; 4][..], &target.octets()].concat();
        let inner = Inner::new(host.link_local(), to).icmp(135, 0, &body);
        host.say(ROUTER, &inner.hop_limit(hop_limit)).unwrap();
    };
    let answer = |host: &mut BareHost, within| {
        let heard = host.hear(136, within).unwrap();
        heard.map(|heard| NeighborAdvert::decode(&received(&heard)).unwrap())
    };
    for target in [canonical, other, isatap_address(ROUTER)] {
        ask(&host, target, target, 255);
        let expected = NeighborAdvert {
            router: true,
            solicited: true,
            overrides: false,
            target,
        };
        assert_eq!(answer(&mut host, SOON), Some(expected));
    }
    let foreign = isatap_address(HOST_B);
    ask(&host, canonical, foreign, 255);
    ask(&host, canonical, canonical, 254);
    let quiet = Duration::from_millis(500);
    assert_eq!(answer(&mut host, quiet), None);
    let forwarding = "net.ipv6.conf.all.forwarding=0";
    lab.site.router.sysctl(&[forwarding]).unwrap();
    ask(&host, canonical, canonical, 255);
    assert_eq!(answer(&mut host, SOON).map(|told| told.router), Some(false));
}
