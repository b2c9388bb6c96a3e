use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use ipnet::Ipv6Net;
use isatap_common::{
    addr::{self, Form},
    nd::{Preference, PrefixInformation, RouterAdvertisement},
};

use super::{Acceptance, lifetime::Until};
use crate::clock::Boottime;

/// RFC 4862 section 5.5.3 (e): a valid lifetime is not cut below this at once.
const TWO_HOURS: Duration = Duration::from_hours(2);
/// Smallest MTU of an IPv6 link.
const MIN_MTU: u32 = 1280;
/// Prefixes, routes and names that are remembered at most, each.
const CAPACITY: usize = 256;

/// Everything that routers have advertised and that still holds.
#[derive(Debug, Default)]
pub struct Learned {
    prefixes: BTreeMap<Ipv6Net, Prefix>,
    routes: BTreeMap<(Ipv6Net, Ipv4Addr), Via>,
    resolvers: BTreeMap<Ipv6Addr, Named>,
    domains: BTreeMap<String, Named>,
    mtu: BTreeMap<Ipv4Addr, u32>,
    hop_limit: Option<u8>,
}

#[derive(Debug)]
struct Prefix {
    /// Who advertises it.
    by: BTreeSet<Ipv4Addr>,
    on_link: Option<Until>,
    /// Preferred and valid.
    address: Option<(Until, Until)>,
}

#[derive(Debug)]
struct Via {
    gateway: Ipv6Addr,
    preference: Preference,
    until: Until,
}

#[derive(Debug)]
struct Named {
    by: Ipv4Addr,
    until: Until,
}

/// What holds at one moment. A time of `None` is never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostState {
    /// Our addresses in advertised prefixes.
    pub addresses: Vec<Address>,
    /// Prefixes whose addresses are reached directly.
    pub on_link: Vec<OnLink>,
    /// Routes of length zero.
    pub default_routes: Vec<Route>,
    /// All others.
    pub routes: Vec<Route>,
    /// The smallest MTU that a router advertises.
    pub mtu: Option<u32>,
    /// Hop limit for new packets.
    pub hop_limit: Option<u8>,
    /// Name servers and search lists.
    pub dns: NameServers,
}

/// An address of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub address: Ipv6Addr,
    /// Until when new connections use it.
    pub preferred_until: Option<Boottime>,
    /// Until when it exists.
    pub valid_until: Option<Boottime>,
}

/// A prefix on the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnLink {
    /// The prefix.
    pub prefix: Ipv6Net,
    /// Until when.
    pub valid_until: Option<Boottime>,
}

/// A route through a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The destination.
    pub prefix: Ipv6Net,
    /// The router.
    pub router: Ipv4Addr,
    /// The address that it advertises from.
    pub gateway: Ipv6Addr,
    /// Among routers.
    pub preference: Preference,
    /// Until when.
    pub valid_until: Option<Boottime>,
}

/// Name resolution as advertised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameServers {
    /// Servers.
    pub servers: Vec<Ipv6Addr>,
    /// Domains to search.
    pub search: Vec<String>,
}

/// The shortest lifetime that an advertisement gives anything; nothing to renew is `None`.
pub fn shortest(advert: &RouterAdvertisement) -> Option<Duration> {
    let prefixes = advert
        .prefixes
        .iter()
        .flat_map(|prefix| [prefix.valid, prefix.preferred]);
    let routes = advert.routes.iter().map(|route| route.lifetime);
    let resolvers = advert.resolvers.iter().map(|resolvers| resolvers.lifetime);
    let search = advert.search_lists.iter().map(|list| list.lifetime);
    let all = prefixes.chain(routes).chain(resolvers).chain(search);
    let all = all.chain([u32::from(advert.lifetime)]);
    let ending = all.filter(|seconds| *seconds != 0 && *seconds != u32::MAX);
    ending
        .min()
        .map(|seconds| Duration::from_secs(u64::from(seconds)))
}

impl Learned {
    /// Takes what `acceptance` allows of an advertisement from `gateway`.
    pub fn take(
        &mut self,
        now: Boottime,
        router: Ipv4Addr,
        gateway: Ipv6Addr,
        advert: &RouterAdvertisement,
        acceptance: &Acceptance,
    ) {
        if acceptance.prefixes {
            advert
                .prefixes
                .iter()
                .for_each(|prefix| self.take_prefix(now, router, prefix));
        }
        self.take_routes(now, router, gateway, advert, acceptance);
        if acceptance.dns {
            self.take_names(now, router, advert);
        }
        if acceptance.mtu
            && let Some(mtu @ MIN_MTU..) = advert.mtu
        {
            self.mtu.insert(router, mtu);
        }
        if advert.hop_limit != 0 && advert.hop_limit >= acceptance.min_hop_limit {
            self.hop_limit = Some(advert.hop_limit);
        }
        self.expire(now);
    }

    /// Drops what has ended.
    pub fn expire(&mut self, now: Boottime) {
        for prefix in self.prefixes.values_mut() {
            prefix.on_link = prefix.on_link.filter(|until| until.holds(now));
            prefix.address = prefix.address.filter(|(_, valid)| valid.holds(now));
        }
        self.prefixes
            .retain(|_, prefix| prefix.on_link.is_some() || prefix.address.is_some());
        self.routes.retain(|_, via| via.until.holds(now));
        self.resolvers.retain(|_, named| named.until.holds(now));
        self.domains.retain(|_, named| named.until.holds(now));
    }

    /// Drops what only routers outside `routers` have said.
    pub fn retain_routers(&mut self, routers: &BTreeSet<Ipv4Addr>) {
        for prefix in self.prefixes.values_mut() {
            prefix.by.retain(|router| routers.contains(router));
        }
        self.prefixes.retain(|_, prefix| !prefix.by.is_empty());
        self.routes
            .retain(|(_, router), _| routers.contains(router));
        self.resolvers
            .retain(|_, named| routers.contains(&named.by));
        self.domains.retain(|_, named| routers.contains(&named.by));
        self.mtu.retain(|router, _| routers.contains(router));
    }

    /// The next moment at which anything ends or is deprecated.
    pub fn next_end(&self, now: Boottime) -> Option<Boottime> {
        let prefixes = self.prefixes.values().flat_map(|prefix| {
            let address = prefix.address.into_iter().flat_map(|(p, v)| [p, v]);
            address.chain(prefix.on_link)
        });
        let routes = self.routes.values().map(|via| via.until);
        let names = self
            .resolvers
            .values()
            .chain(self.domains.values())
            .map(|named| named.until);
        let all = prefixes.chain(routes).chain(names);
        all.filter(|until| until.holds(now))
            .filter_map(Until::moment)
            .min()
    }

    /// Lifetime and preference of a default router.
    pub fn default_router(
        &self,
        now: Boottime,
        router: Ipv4Addr,
    ) -> Option<(Option<Boottime>, Preference)> {
        let via = self.routes.get(&(Ipv6Net::default(), router))?;
        via.until
            .holds(now)
            .then(|| (via.until.moment(), via.preference))
    }

    /// What holds now, with addresses made for `locator`.
    pub fn state(&self, now: Boottime, locator: Option<Ipv4Addr>) -> HostState {
        let (default_routes, routes) = self
            .current_routes(now)
            .partition(|route| route.prefix.prefix_len() == 0);
        HostState {
            addresses: locator.map_or_else(Vec::new, |locator| self.addresses(now, locator)),
            on_link: self.on_link(now),
            default_routes,
            routes,
            mtu: self.mtu.values().copied().min(),
            hop_limit: self.hop_limit,
            dns: NameServers {
                servers: current(&self.resolvers, now),
                search: current(&self.domains, now),
            },
        }
    }

    /// RFC 4861 section 6.3.4 and RFC 4862 section 5.5.3.
    fn take_prefix(&mut self, now: Boottime, router: Ipv4Addr, option: &PrefixInformation) {
        let Ok(net) = Ipv6Net::new(option.prefix.into(), option.length) else {
            return;
        };
        if addr::is_link_local(&option.prefix) || option.preferred > option.valid {
            return;
        }
        if self.prefixes.len() >= CAPACITY && !self.prefixes.contains_key(&net) {
            return;
        }
        let prefix = self.prefixes.entry(net).or_insert_with(|| Prefix {
            by: BTreeSet::new(),
            on_link: None,
            address: None,
        });
        prefix.by.insert(router);
        if option.on_link {
            prefix.on_link = Some(Until::after(now, option.valid));
        }
        // The ISATAP identifier has 64 bits, so no other length makes an address.
        if option.autonomous && option.length == 64 {
            prefix.take_address(now, option);
        }
    }

    fn take_routes(
        &mut self,
        now: Boottime,
        router: Ipv4Addr,
        gateway: Ipv6Addr,
        advert: &RouterAdvertisement,
        acceptance: &Acceptance,
    ) {
        let default = (
            Ipv6Net::default(),
            advert.preference,
            u32::from(advert.lifetime),
        );
        let options = advert.routes.iter().filter_map(|route| {
            let net = Ipv6Net::new(route.prefix.into(), route.length).ok()?;
            Some((net, route.preference, route.lifetime))
        });
        // An option for ::/0 comes after the header and so overrides it (RFC 4191 section 3.1).
        for (net, preference, lifetime) in std::iter::once(default).chain(options) {
            let is_default = net.prefix_len() == 0;
            let wanted = if is_default {
                acceptance.default
            } else {
                acceptance.routes
            };
            let key = (net, router);
            if lifetime == 0 {
                self.routes.remove(&key);
            } else if wanted && (self.routes.len() < CAPACITY || self.routes.contains_key(&key)) {
                let until = Until::after(now, lifetime);
                self.routes.insert(
                    key,
                    Via {
                        gateway,
                        preference,
                        until,
                    },
                );
            }
        }
    }

    fn take_names(&mut self, now: Boottime, by: Ipv4Addr, advert: &RouterAdvertisement) {
        for option in &advert.resolvers {
            let until = Until::after(now, option.lifetime);
            for server in option.servers.iter().take(CAPACITY) {
                put(
                    &mut self.resolvers,
                    Ipv6Addr::from(*server),
                    Named { by, until },
                );
            }
        }
        for option in &advert.search_lists {
            let until = Until::after(now, option.lifetime);
            for domain in option.domains.iter().take(CAPACITY) {
                put(&mut self.domains, domain.clone(), Named { by, until });
            }
        }
    }

    fn addresses(&self, now: Boottime, locator: Ipv4Addr) -> Vec<Address> {
        let identified = |net: &Ipv6Net| {
            let prefix = addr::prefix64(&net.network().octets());
            Ipv6Addr::from(addr::address(
                prefix,
                Form::of(locator.octets()),
                locator.octets(),
            ))
        };
        let valid = self.prefixes.iter().filter_map(|(net, prefix)| {
            let (preferred, valid) = prefix.address.filter(|(_, valid)| valid.holds(now))?;
            Some(Address {
                address: identified(net),
                preferred_until: preferred.moment(),
                valid_until: valid.moment(),
            })
        });
        valid.collect()
    }

    fn on_link(&self, now: Boottime) -> Vec<OnLink> {
        let on_link = self.prefixes.iter().filter_map(|(net, prefix)| {
            let until = prefix.on_link.filter(|until| until.holds(now))?;
            Some(OnLink {
                prefix: *net,
                valid_until: until.moment(),
            })
        });
        on_link.collect()
    }

    fn current_routes(&self, now: Boottime) -> impl Iterator<Item = Route> {
        let current = self
            .routes
            .iter()
            .filter(move |(_, via)| via.until.holds(now));
        current.map(|((prefix, router), via)| Route {
            prefix: *prefix,
            router: *router,
            gateway: via.gateway,
            preference: via.preference,
            valid_until: via.until.moment(),
        })
    }
}

impl Prefix {
    /// The preferred lifetime follows; the valid one is not cut below two hours at once.
    fn take_address(&mut self, now: Boottime, option: &PrefixInformation) {
        let valid = Until::after(now, option.valid);
        let floor = Until::Moment(now + TWO_HOURS);
        let valid = match self.address {
            None if option.valid == 0 => return,
            None => valid,
            Some((_, remaining)) if valid > floor || valid > remaining => valid,
            Some((_, remaining)) => remaining.min(floor),
        };
        self.address = Some((Until::after(now, option.preferred).min(valid), valid));
    }
}

fn put<K: Ord>(map: &mut BTreeMap<K, Named>, key: K, named: Named) {
    if map.len() < CAPACITY || map.contains_key(&key) {
        map.insert(key, named);
    }
}

fn current<K: Ord + Clone>(map: &BTreeMap<K, Named>, now: Boottime) -> Vec<K> {
    map.iter()
        .filter(|(_, named)| named.until.holds(now))
        .map(|(key, _)| key.clone())
        .collect()
}
