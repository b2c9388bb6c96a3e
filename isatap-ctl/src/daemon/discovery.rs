//! Neighbor Discovery of either role, as the event loop drives it.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use isatap_common::nd::{
    NdError, Preference, PrefixInformation, ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION, Resolvers,
    RouteInformation, RouterAdvertisement, SearchList,
};

use super::link::Link;
use crate::{
    clock::Boottime,
    config::{self, HostSettings, RoleSettings, RouterSettings, Settings},
    kernel::sockets::Received,
    nd::{
        Outgoing, Refusal,
        host::{Acceptance, HostState, RouterState, Solicitor},
        router::Advertiser,
    },
};

/// The all-routers group, which a router hears solicitations on.
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// The machine of the role.
pub enum Discovery {
    /// Answers solicitations.
    Router(Box<Advertiser>),
    /// Solicits.
    Host(Box<Solicitor>),
}

impl Discovery {
    /// The machine that the configuration wants.
    pub fn new(settings: &Settings) -> Self {
        let seed = fastrand::u64(..);
        match &settings.role {
            RoleSettings::Router(router) => {
                let advert = advertisement(router, None);
                Self::Router(Box::new(Advertiser::new(
                    advert,
                    1280,
                    router.ra_rate,
                    seed,
                )))
            }
            RoleSettings::Host(host) => {
                Self::Host(Box::new(Solicitor::new(acceptance(host), seed)))
            }
        }
    }

    /// ICMPv6 types that concern the role.
    pub fn types(settings: &Settings) -> &'static [u8] {
        match settings.role {
            RoleSettings::Router(_) => &[ROUTER_SOLICITATION],
            RoleSettings::Host(_) => &[ROUTER_ADVERTISEMENT],
        }
    }

    /// The multicast group that the role listens to.
    pub fn group(settings: &Settings) -> Option<Ipv6Addr> {
        matches!(settings.role, RoleSettings::Router(_)).then_some(ALL_ROUTERS)
    }

    /// Takes the configuration and the device's MTU.
    pub fn configure(&mut self, settings: &Settings, mtu: u32) {
        match (self, &settings.role) {
            (Self::Router(advertiser), RoleSettings::Router(router)) => {
                let advert = advertisement(router, Some(mtu));
                advertiser.set_advertisement(advert, mtu as usize, router.ra_rate);
            }
            (Self::Host(solicitor), RoleSettings::Host(host)) => {
                solicitor.set_acceptance(acceptance(host));
            }
            _ => {}
        }
    }

    /// Follows our IPv4 address and the router list.
    pub fn follow(
        &mut self,
        now: Boottime,
        locator: Option<Ipv4Addr>,
        routers: &BTreeSet<Ipv4Addr>,
    ) {
        match self {
            Self::Router(advertiser) => advertiser.set_locator(locator),
            Self::Host(solicitor) => {
                solicitor.set_locator(now, locator);
                solicitor.set_routers(now, routers);
            }
        }
    }

    /// What the link looks like.
    pub fn link(&self, now: Boottime, settings: &Settings, locator: Option<Ipv4Addr>) -> Link {
        match (self, &settings.role) {
            (Self::Host(solicitor), _) => Link::of_host(&solicitor.state(now)),
            (_, RoleSettings::Router(router)) => Link::of_router(router, locator),
            _ => Link::default(),
        }
    }

    /// Takes a message.
    pub fn received(&mut self, now: Boottime, message: &Received) -> Result<(), Refusal> {
        if message.truncated {
            return Err(Refusal::Invalid(NdError::Length));
        }
        // A destination that is not known is as good as one that is not ours.
        let destination = message.destination.ok_or(Refusal::NotForUs)?;
        let (source, hop_limit, bytes) = (message.source, message.hop_limit, &message.bytes);
        match self {
            Self::Router(router) => router.solicited(now, source, destination, hop_limit, bytes),
            Self::Host(host) => host.advertised(now, source, destination, hop_limit, bytes),
        }
    }

    /// The messages that are due.
    pub fn poll(&mut self, now: Boottime) -> Vec<Outgoing> {
        match self {
            Self::Router(advertiser) => advertiser.poll(now),
            Self::Host(solicitor) => solicitor.poll(now),
        }
    }

    /// When there is something to do.
    pub fn next_deadline(&self, now: Boottime) -> Option<Boottime> {
        match self {
            Self::Router(advertiser) => advertiser.next_deadline(),
            Self::Host(solicitor) => solicitor.next_deadline(now),
        }
    }

    /// What a host has learned.
    pub fn host(&self, now: Boottime) -> Option<(HostState, Vec<RouterState>)> {
        match self {
            Self::Router(_) => None,
            Self::Host(solicitor) => Some((solicitor.state(now), solicitor.routers(now))),
        }
    }
}

fn acceptance(host: &HostSettings) -> Acceptance {
    Acceptance {
        min_solicit_interval: host.min_solicit_interval,
        prefixes: host.accept_prefixes,
        default: host.accept_default,
        routes: host.accept_routes,
        mtu: host.accept_mtu,
        dns: host.report_dns,
        min_hop_limit: host.min_hop_limit,
    }
}

fn advertisement(router: &RouterSettings, mtu: Option<u32>) -> RouterAdvertisement {
    let dns = router.dns.iter();
    RouterAdvertisement {
        hop_limit: router.hop_limit,
        managed: router.managed,
        other: router.other,
        preference: preference(router.preference),
        lifetime: u16::try_from(router.lifetime.as_secs()).unwrap_or(u16::MAX),
        reachable_time: milliseconds(router.reachable_time),
        retrans_timer: milliseconds(router.retrans_timer),
        mtu,
        prefixes: router.prefixes.iter().map(prefix).collect(),
        routes: router.routes.iter().map(route).collect(),
        resolvers: dns
            .clone()
            .filter(|dns| !dns.servers.is_empty())
            .map(|dns| Resolvers {
                lifetime: dns.lifetime.on_the_wire(),
                servers: dns.servers.iter().map(Ipv6Addr::octets).collect(),
            })
            .collect(),
        search_lists: dns
            .filter(|dns| !dns.search.is_empty())
            .map(|dns| SearchList {
                lifetime: dns.lifetime.on_the_wire(),
                domains: dns.search.clone(),
            })
            .collect(),
    }
}

fn prefix(advertised: &config::AdvertisedPrefix) -> PrefixInformation {
    PrefixInformation {
        prefix: advertised.prefix.network().octets(),
        length: advertised.prefix.prefix_len(),
        on_link: advertised.on_link,
        autonomous: advertised.autonomous,
        valid: advertised.valid.on_the_wire(),
        preferred: advertised.preferred.on_the_wire(),
    }
}

fn route(advertised: &config::AdvertisedRoute) -> RouteInformation {
    RouteInformation {
        prefix: advertised.prefix.network().octets(),
        length: advertised.prefix.prefix_len(),
        preference: preference(advertised.preference),
        lifetime: advertised.lifetime.on_the_wire(),
    }
}

/// The configured word as the message has it.
fn preference(configured: config::Preference) -> Preference {
    match configured {
        config::Preference::High => Preference::High,
        config::Preference::Medium => Preference::Medium,
        config::Preference::Low => Preference::Low,
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
