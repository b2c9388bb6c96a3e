//! Soliciting routers and taking what they advertise (RFC 5214 section 8.3, RFC 4861 section 6.3,
//! RFC 4862 section 5.5, RFC 4191, RFC 8106).

mod learned;
mod lifetime;
mod router;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use isatap_common::{
    addr,
    nd::{Preference, RouterAdvertisement},
};

use self::{learned::Learned, router::Router};
use super::{Outgoing, Refusal, arrival};
use crate::clock::Boottime;

pub use learned::{Address, HostState, NameServers, OnLink, Route};

/// What a host takes of an advertisement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the configuration"
)]
pub struct Acceptance {
    /// Least time between two solicitations of one router that answers.
    pub min_solicit_interval: Duration,
    /// Addresses and on-link prefixes.
    pub prefixes: bool,
    /// Default routes.
    pub default: bool,
    /// Route Information options.
    pub routes: bool,
    /// The MTU option.
    pub mtu: bool,
    /// Name servers and search lists.
    pub dns: bool,
    /// Least hop limit that is believed.
    pub min_hop_limit: u8,
}

/// What is known of a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterState {
    /// Its IPv4 address.
    pub ipv4: Ipv4Addr,
    /// When it was last solicited.
    pub solicited: Option<Boottime>,
    /// When it last advertised.
    pub advertised: Option<Boottime>,
    /// Until when it is a default router; zero is not at all.
    pub lifetime: Option<Boottime>,
    /// Its preference as a default router.
    pub preference: Preference,
    /// When it will be solicited next.
    pub next: Boottime,
}

/// Solicits every router of the list and keeps what they say.
#[derive(Debug)]
pub struct Solicitor {
    acceptance: Acceptance,
    locator: Option<Ipv4Addr>,
    routers: BTreeMap<Ipv4Addr, Router>,
    learned: Learned,
    random: fastrand::Rng,
}

impl Solicitor {
    /// Solicits nobody until it has a locator and routers.
    pub fn new(acceptance: Acceptance, seed: u64) -> Self {
        Self {
            acceptance,
            locator: None,
            routers: BTreeMap::new(),
            learned: Learned::default(),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Takes other things from now on; what was learned stays.
    pub fn set_acceptance(&mut self, acceptance: Acceptance) {
        self.acceptance = acceptance;
    }

    /// Starts anew from another address; without one it waits.
    pub fn set_locator(&mut self, now: Boottime, locator: Option<Ipv4Addr>) {
        if self.locator != locator {
            self.locator = locator;
            self.restart(now);
        }
    }

    /// Follows the Potential Router List. With a router go its routes, and the prefixes that no
    /// other router advertises.
    pub fn set_routers(&mut self, now: Boottime, routers: &BTreeSet<Ipv4Addr>) {
        self.routers.retain(|ipv4, _| routers.contains(ipv4));
        self.learned.retain_routers(routers);
        for ipv4 in routers {
            let random = &mut self.random;
            self.routers
                .entry(*ipv4)
                .or_insert_with(|| Router::new(now, random));
        }
    }

    /// Solicits every router soon: the link came up, or may be another one.
    pub fn restart(&mut self, now: Boottime) {
        for router in self.routers.values_mut() {
            router.restart(now, &mut self.random);
        }
    }

    /// When [`Solicitor::poll`] has something to do, or the state changes by itself.
    pub fn next_deadline(&self, now: Boottime) -> Option<Boottime> {
        let solicitations = self.routers.values().map(|router| router.next);
        let solicitations = solicitations.filter(|_| self.locator.is_some()).min();
        solicitations
            .into_iter()
            .chain(self.learned.next_end(now))
            .min()
    }

    /// The solicitations that are due.
    pub fn poll(&mut self, now: Boottime) -> Vec<Outgoing> {
        self.learned.expire(now);
        let Some(locator) = self.locator else {
            return Vec::new();
        };
        let due = self
            .routers
            .iter_mut()
            .filter(|(_, router)| router.next <= now);
        due.map(|(ipv4, router)| router.solicit(now, *ipv4, locator, &mut self.random))
            .collect()
    }

    /// Takes a Router Advertisement (RFC 4861 section 6.1.2, RFC 5214 section 8.3.3).
    pub fn advertised(
        &mut self,
        now: Boottime,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        hop_limit: Option<u8>,
        bytes: &[u8],
    ) -> Result<(), Refusal> {
        let advert = RouterAdvertisement::parse(&arrival(source, destination, hop_limit, bytes))?;
        let is_on_link = addr::prefix64(&source.octets()) == addr::LINK_LOCAL_64;
        let ipv4 = addr::embedded(&source.octets()).filter(|_| is_on_link);
        let ipv4 = Ipv4Addr::from(ipv4.ok_or(Refusal::NotOnLink)?);
        let locator = self.locator.ok_or(Refusal::NoLocator)?;
        if !is_for(destination, locator) {
            return Err(Refusal::NotForUs);
        }
        let router = self.routers.get_mut(&ipv4).ok_or(Refusal::NotListed)?;
        let shortest = learned::shortest(&advert);
        let least = self.acceptance.min_solicit_interval;
        router.advertised(now, source, shortest, least)?;
        self.learned
            .take(now, ipv4, source, &advert, &self.acceptance);
        Ok(())
    }

    /// What holds now.
    pub fn state(&self, now: Boottime) -> HostState {
        self.learned.state(now, self.locator)
    }

    /// The routers, for people.
    pub fn routers(&self, now: Boottime) -> Vec<RouterState> {
        let state = |(ipv4, router): (&Ipv4Addr, &Router)| {
            let default = self.learned.default_router(now, *ipv4);
            RouterState {
                ipv4: *ipv4,
                solicited: router.solicited,
                advertised: router.advertised,
                lifetime: default.map_or(Some(Boottime::ZERO), |(until, _)| until),
                preference: default.map_or(Preference::Medium, |(_, preference)| preference),
                next: router.next,
            }
        };
        self.routers.iter().map(state).collect()
    }
}

/// Whether an advertisement is for this node: unicast to either form of its link-local address,
/// or to all nodes.
fn is_for(destination: Ipv6Addr, locator: Ipv4Addr) -> bool {
    let ours = |form| addr::link_local(form, locator.octets()) == destination.octets();
    addr::Form::ALL.into_iter().any(ours) || destination.octets() == addr::ALL_NODES.octets()
}

#[cfg(test)]
mod tests;
