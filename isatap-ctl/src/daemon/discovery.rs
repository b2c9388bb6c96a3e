//! Neighbor Discovery of either role, as the event loop drives it.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use ipnet::Ipv6Net;
use isatap_common::nd::{
    DnsServers, DomainName, Lifetime, NdError, Preference, Prefix, PrefixInformation,
    RouteInformation, RouterAdvert, SearchList,
};

use super::{link::Link, world::Locator};
use crate::{
    clock::Boottime,
    config::{self, AcceptDns, HostSettings, RoleSettings, RouterSettings, Settings},
    kernel::sockets::Received,
    nd::{
        Refusal,
        host::{self, HostState, Solicitor},
        reachability::Detector,
        router::{Advertisement, Advertiser},
    },
};

/// The all-routers group, which a router hears solicitations on.
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// ICMPv6 type of a Router Solicitation.
const ROUTER_SOLICITATION: u8 = 133;
/// ICMPv6 type of a Router Advertisement.
const ROUTER_ADVERTISEMENT: u8 = 134;
/// ICMPv6 type of a Neighbor Advertisement.
pub const NEIGHBOR_ADVERTISEMENT: u8 = 136;

/// The machine of the role.
pub enum Discovery {
    /// Answers solicitations, once there is an address to answer from and if nobody else does.
    Router(Option<Box<Advertiser>>),
    /// Solicits.
    Host(Box<Solicitor>),
}

/// Which messages are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ear {
    /// ICMPv6 types.
    pub types: &'static [u8],
    /// A multicast group beside our own addresses.
    pub group: Option<Ipv6Addr>,
}

/// A message to send.
pub struct Outgoing {
    /// One of our addresses.
    pub source: Ipv6Addr,
    /// A unicast address of the link.
    pub destination: Ipv6Addr,
    /// From the ICMPv6 type on.
    pub bytes: Vec<u8>,
}

impl Discovery {
    /// The machine that the configuration wants.
    pub fn new(settings: &Settings) -> Self {
        match &settings.role {
            RoleSettings::Router(_) => Self::Router(None),
            RoleSettings::Host(host) => {
                let solicitor = Solicitor::new(acceptance(host, 0), fastrand::u64(..));
                Self::Host(Box::new(solicitor))
            }
        }
    }

    /// What the configuration wants to hear; nothing where another program advertises.
    pub fn ear(settings: &Settings) -> Option<Ear> {
        match &settings.role {
            RoleSettings::Router(router) => router.advertise.then_some(Ear {
                types: &[ROUTER_SOLICITATION],
                group: Some(ALL_ROUTERS),
            }),
            RoleSettings::Host(_) => Some(Ear {
                types: &[ROUTER_ADVERTISEMENT, NEIGHBOR_ADVERTISEMENT],
                group: None,
            }),
        }
    }

    /// Takes the configuration, our own MTU and our IPv4 addresses.
    pub fn configure(
        &mut self,
        now: Boottime,
        settings: &Settings,
        mtu: u32,
        locators: &[Locator],
    ) {
        let ours = || locators.iter().map(|locator| locator.ipv4);
        match (self, &settings.role) {
            (Self::Router(advertiser), RoleSettings::Router(router)) => {
                let from = ours().filter(|_| router.advertise).collect();
                configure_router(now, advertiser, advertisement(router, mtu), from);
            }
            (Self::Host(solicitor), RoleSettings::Host(host)) => {
                solicitor.set_settings(acceptance(host, mtu));
                solicitor.set_locator(ours().next());
            }
            _ => {}
        }
    }

    /// Whether this node forwards.
    pub fn set_forwarding(&mut self, now: Boottime, forwarding: bool) {
        if let Self::Router(Some(advertiser)) = self {
            advertiser.set_forwarding(now, forwarding);
        }
    }

    /// Follows the router list.
    pub fn follow(&mut self, routers: &BTreeSet<Ipv4Addr>) {
        if let Self::Host(solicitor) = self {
            solicitor.set_routers(routers);
        }
    }

    /// Solicits anew: an uplink came back, or the machine woke.
    pub fn link_up(&mut self) {
        if let Self::Host(solicitor) = self {
            solicitor.link_up();
        }
    }

    /// Asks `router`, which was found dead, until it advertises.
    pub fn unreachable(&mut self, router: Ipv4Addr) {
        if let Self::Host(solicitor) = self {
            solicitor.unreachable(router);
        }
    }

    /// `router`, which had been dead, answers Neighbor Solicitations.
    pub fn revived(&mut self, router: Ipv4Addr) {
        if let Self::Host(solicitor) = self {
            solicitor.revived(router);
        }
    }

    /// `router` is none any more.
    pub fn ceased(&mut self, router: Ipv4Addr) {
        if let Self::Host(solicitor) = self {
            solicitor.ceased(router);
        }
    }

    /// Whether the link may come to look different without a change of configuration or machine.
    pub const fn learns(&self) -> bool {
        matches!(self, Self::Host(_))
    }

    /// What the link looks like, where `neighbors` says who answers.
    pub fn link(
        &self,
        now: Boottime,
        settings: &Settings,
        locators: &[Locator],
        neighbors: &Detector,
    ) -> Link {
        match (self, &settings.role) {
            (Self::Host(solicitor), _) => {
                Link::of_host(&solicitor.state(now), |router| neighbors.dead_since(router))
            }
            (_, RoleSettings::Router(router)) => Link::of_router(router, locators),
            _ => Link::default(),
        }
    }

    /// Takes a message from a node whose packets came for the locator `heard_at`, if that is known.
    pub fn received(
        &mut self,
        now: Boottime,
        message: &Received,
        heard_at: Option<Ipv4Addr>,
    ) -> Result<(), Refusal> {
        if message.truncated {
            return Err(Refusal::Invalid(NdError::Length));
        }
        if message.fragmented {
            return Err(Refusal::Fragmented);
        }
        // A destination that is not known is as good as one that is not ours.
        let destination = message.destination.ok_or(Refusal::Destination)?;
        let (source, hop_limit, bytes) = (message.source, message.hop_limit, &message.bytes);
        match self {
            Self::Router(None) => Err(Refusal::Destination),
            Self::Router(Some(router)) => {
                router.solicited(now, source, (destination, heard_at), hop_limit, bytes)
            }
            Self::Host(host) => host.advertised(now, source, destination, hop_limit, bytes),
        }
    }

    /// The messages that are due.
    pub fn poll(&mut self, now: Boottime) -> Vec<Outgoing> {
        let outgoing = |(source, destination, bytes)| Outgoing {
            source,
            destination,
            bytes,
        };
        match self {
            Self::Router(None) => Vec::new(),
            Self::Router(Some(router)) => {
                let due = router.poll(now).into_iter();
                due.map(|advert| outgoing((advert.source, advert.destination, advert.bytes)))
                    .collect()
            }
            Self::Host(host) => {
                let due = host.poll(now).into_iter();
                due.map(|rs| outgoing((rs.source, rs.destination, rs.bytes)))
                    .collect()
            }
        }
    }

    /// Whether [`Self::poll`] sends something now that depends on the router list.
    pub fn is_soliciting(&self, now: Boottime) -> bool {
        match self {
            Self::Router(_) => false,
            Self::Host(solicitor) => solicitor.is_soliciting(now),
        }
    }

    /// When there is something to do.
    pub fn next_deadline(&self) -> Option<Boottime> {
        match self {
            Self::Router(router) => router.as_ref().and_then(|router| router.next_deadline()),
            Self::Host(solicitor) => solicitor.next_deadline(),
        }
    }

    /// What a router advertises.
    pub fn advertiser(&self) -> Option<&Advertiser> {
        match self {
            Self::Router(router) => router.as_deref(),
            Self::Host(_) => None,
        }
    }

    /// What a host has learned.
    pub fn host(&self, now: Boottime) -> Option<HostState> {
        match self {
            Self::Router(_) => None,
            Self::Host(solicitor) => Some(solicitor.state(now)),
        }
    }
}

fn configure_router(
    now: Boottime,
    advertiser: &mut Option<Box<Advertiser>>,
    wanted: Advertisement,
    locators: Vec<Ipv4Addr>,
) {
    match advertiser {
        _ if locators.is_empty() => *advertiser = None,
        None => {
            let new = Advertiser::new(locators, wanted, fastrand::u64(..));
            *advertiser = Some(Box::new(new));
        }
        Some(present) => {
            present.set_locators(locators);
            present.set_advertisement(now, wanted);
        }
    }
}

fn acceptance(host: &HostSettings, max_mtu: u32) -> host::Settings {
    host::Settings {
        min_solicit_interval: host.min_solicit_interval,
        accept_prefixes: host.accept_prefixes,
        accept_default: host.accept_default,
        accept_routes: host.accept_routes,
        accept_mtu: host.accept_mtu,
        accept_dns: host.accept_dns != AcceptDns::Off,
        min_hop_limit: host.min_hop_limit,
        max_mtu,
    }
}

fn advertisement(router: &RouterSettings, mtu: u32) -> Advertisement {
    let dns = router.dns.iter();
    let content = RouterAdvert {
        hop_limit: router.hop_limit,
        managed: router.managed,
        other: router.other,
        preference: preference(router.preference),
        lifetime: u16::try_from(router.lifetime.as_secs()).unwrap_or(u16::MAX),
        reachable_time: milliseconds(router.reachable_time),
        retrans_timer: milliseconds(router.retrans_timer),
        mtu: Some(mtu),
        prefixes: router.prefixes.iter().filter_map(prefix).collect(),
        routes: router.routes.iter().filter_map(route).collect(),
        dns_servers: dns
            .clone()
            .filter(|dns| !dns.servers.is_empty())
            .map(servers)
            .collect(),
        search_lists: dns
            .filter(|dns| !dns.search.is_empty())
            .map(search)
            .collect(),
    };
    let link_mtu = u16::try_from(mtu).unwrap_or(u16::MAX);
    Advertisement {
        content,
        rate: router.ra_rate,
        link_mtu,
    }
}

fn servers(dns: &config::Dns) -> DnsServers {
    DnsServers {
        lifetime: lifetime(dns.lifetime),
        addresses: dns.servers.clone(),
    }
}

fn search(dns: &config::Dns) -> SearchList {
    let names = dns.search.iter().filter_map(|name| DomainName::new(name));
    SearchList {
        lifetime: lifetime(dns.lifetime),
        names: names.collect(),
    }
}

fn prefix(advertised: &config::AdvertisedPrefix) -> Option<PrefixInformation> {
    Some(PrefixInformation {
        prefix: as_prefix(advertised.prefix)?,
        on_link: advertised.on_link,
        autonomous: advertised.autonomous,
        valid: lifetime(advertised.valid),
        preferred: lifetime(advertised.preferred),
    })
}

fn route(advertised: &config::AdvertisedRoute) -> Option<RouteInformation> {
    Some(RouteInformation {
        prefix: as_prefix(advertised.prefix)?,
        preference: preference(advertised.preference),
        lifetime: lifetime(advertised.lifetime),
    })
}

fn as_prefix(net: Ipv6Net) -> Option<Prefix> {
    Prefix::new(net.network(), net.prefix_len())
}

/// The configured lifetime as the message has it.
const fn lifetime(configured: config::Lifetime) -> Lifetime {
    match configured {
        config::Lifetime::Seconds(seconds) => Lifetime::Seconds(seconds),
        config::Lifetime::Infinite => Lifetime::Infinite,
    }
}

/// The configured word as the message has it.
const fn preference(configured: config::Preference) -> Preference {
    match configured {
        config::Preference::High => Preference::High,
        config::Preference::Medium => Preference::Medium,
        config::Preference::Low => Preference::Low,
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
