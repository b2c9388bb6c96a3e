//! Neighbor Discovery of either role, as the event loop drives it.

mod advertised;

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, Ipv6Addr},
};

use isatap_common::nd::NdError;

use self::advertised::advertisement;
use super::{link::Link, world::Locator};
use crate::{
    clock::Boottime,
    config::{AcceptDns, HostSettings, RoleSettings, Settings},
    kernel::sockets::Received,
    nd::{
        Refusal,
        host::{self, HostState, Solicitor},
        reachability::Detector,
        router::{Advertisement, Advertiser, Answered, Earlier},
    },
};

/// The all-routers group, which a router hears solicitations on.
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// ICMPv6 type of a Router Solicitation.
const ROUTER_SOLICITATION: u8 = 133;
/// ICMPv6 type of a Router Advertisement.
pub const ROUTER_ADVERTISEMENT: u8 = 134;
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
                types: if router.peers.is_empty() {
                    &[ROUTER_SOLICITATION]
                } else {
                    &[ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT]
                },
                group: Some(ALL_ROUTERS),
            }),
            RoleSettings::Host(_) => Some(Ear {
                types: &[ROUTER_ADVERTISEMENT, NEIGHBOR_ADVERTISEMENT],
                group: None,
            }),
        }
    }

    /// Takes the configuration, our own MTU, our IPv4 addresses, and a way to learn what an earlier
    /// process told.
    pub fn configure(
        &mut self,
        now: Boottime,
        settings: &Settings,
        mtu: u32,
        locators: &[Locator],
        earlier: impl FnOnce() -> Earlier,
    ) {
        let ours = || locators.iter().map(|locator| locator.ipv4);
        match (self, &settings.role) {
            (Self::Router(advertiser), RoleSettings::Router(router)) => {
                let from = ours().filter(|_| router.advertise).collect();
                configure_router(now, advertiser, advertisement(router, mtu), from, earlier);
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
        let destination = destination_of_whole(message)?;
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

    /// The hosts of which something else is to be remembered than before, and how many
    /// advertisements a second are allowed.
    pub fn take_changed_clients(&mut self) -> Vec<(Ipv4Addr, Option<(Answered, u32)>)> {
        let Self::Router(Some(advertiser)) = self else {
            return Vec::new();
        };
        let rate = advertiser.advertisement().rate;
        let changed = advertiser.take_changed().into_iter();
        changed
            .map(|(host, answered)| (host, answered.map(|answered| (answered, rate))))
            .collect()
    }

    /// From now on everything is to be remembered, in another place.
    pub fn renew_clients(&mut self) {
        if let Self::Router(Some(advertiser)) = self {
            advertiser.renew();
        }
    }

    /// Tells the hosts of a router anew what it advertises.
    pub fn tell(&mut self, now: Boottime) {
        if let Self::Router(Some(advertiser)) = self {
            advertiser.tell(now);
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

/// Where a message was sent to, if it is there as a whole and came so (RFC 6980 section 5).
pub fn destination_of_whole(message: &Received) -> Result<Ipv6Addr, Refusal> {
    if message.truncated {
        return Err(Refusal::Invalid(NdError::Length));
    }
    if message.fragmented {
        return Err(Refusal::Fragmented);
    }
    // A destination that is not known is as good as one that is not ours.
    message.destination.ok_or(Refusal::Destination)
}

fn configure_router(
    now: Boottime,
    advertiser: &mut Option<Box<Advertiser>>,
    wanted: Advertisement,
    locators: Vec<Ipv4Addr>,
    earlier: impl FnOnce() -> Earlier,
) {
    match advertiser {
        _ if locators.is_empty() => *advertiser = None,
        None => {
            let mut new = Advertiser::new(locators, wanted, fastrand::u64(..));
            new.restore(now, &earlier());
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
        max_solicit_interval: None,
        accept_prefixes: host.accept_prefixes,
        accept_default: host.accept_default,
        accept_routes: host.accept_routes,
        accept_mtu: host.accept_mtu,
        accept_dns: host.accept_dns != AcceptDns::Off,
        min_hop_limit: host.min_hop_limit,
        max_mtu,
    }
}

#[cfg(test)]
mod tests;
