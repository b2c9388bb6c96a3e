use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use isatap_common::nd::{
    DomainName, Lifetime, Preference, Prefix, PrefixInformation, RouteInformation, RouterAdvert,
};

use super::expiry::Expiry;
use super::listed::Listed;
use super::settings::Settings;
use super::slaac;
use crate::clock::Boottime;

/// Entries of each kind, so that one router cannot fill the memory.
pub(super) const LIMIT: usize = 256;

/// The union of what all routers told (RFC 4861 section 6.3.4).
#[derive(Debug, Default)]
pub(super) struct Learned {
    pub(super) on_link: BTreeMap<Prefix, Claim>,
    pub(super) autonomous: BTreeMap<Prefix, Claim>,
    pub(super) routes: BTreeMap<(Prefix, Ipv4Addr), RouteEntry>,
    pub(super) servers: Listed<Ipv6Addr>,
    pub(super) domains: Listed<DomainName>,
    pub(super) mtu: Option<Told<u32>>,
    pub(super) hop_limit: Option<Told<u8>>,
    pub(super) reachable_time: Option<Told<Duration>>,
    pub(super) retrans_timer: Option<Told<Duration>>,
}

/// A prefix, by the routers that advertise it; it goes with the last of them.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) valid: Expiry,
    pub(super) preferred: Expiry,
    routers: BTreeSet<Ipv4Addr>,
}

#[derive(Debug)]
pub(super) struct RouteEntry {
    pub(super) gateway: Ipv6Addr,
    pub(super) preference: Preference,
    pub(super) valid: Expiry,
}

/// A value and the router that told it last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<T> {
    pub(super) value: T,
    by: Ipv4Addr,
}

/// Who advertises, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    pub(super) now: Boottime,
    pub(super) router: Ipv4Addr,
    pub(super) gateway: Ipv6Addr,
}

impl Learned {
    /// Takes what `settings` accept of a valid advertisement.
    pub(super) fn take(&mut self, from: Sender, advert: &RouterAdvert, settings: &Settings) {
        // What has ended is nobody's, and may not have been looked at since.
        self.expire(from.now);
        self.take_header(from, advert, settings);
        if settings.accept_prefixes {
            let usable = |option: &&PrefixInformation| is_unicast(option.prefix);
            for option in advert.prefixes.iter().filter(usable) {
                self.take_prefix(from, option);
            }
        }
        for option in &advert.routes {
            self.take_route(from, option, settings);
        }
        if settings.accept_dns {
            self.take_dns(from, advert);
        }
    }

    fn take_header(&mut self, from: Sender, advert: &RouterAdvert, settings: &Settings) {
        let by = from.router;
        let header = RouteInformation {
            prefix: default_prefix(),
            preference: advert.preference,
            lifetime: Lifetime::Seconds(advert.lifetime.into()),
        };
        self.take_route(from, &header, settings);
        if advert.hop_limit != 0 && advert.hop_limit >= settings.min_hop_limit {
            let value = advert.hop_limit;
            self.hop_limit = Some(Told { value, by });
        }
        let believed = 1280..=settings.max_mtu;
        if let Some(value) = advert
            .mtu
            .filter(|mtu| settings.accept_mtu && believed.contains(mtu))
        {
            self.mtu = Some(Told { value, by });
        }
        let milliseconds = |field: u32| {
            let value = Duration::from_millis(field.into());
            (field != 0).then_some(Told { value, by })
        };
        self.reachable_time = milliseconds(advert.reachable_time).or(self.reachable_time);
        self.retrans_timer = milliseconds(advert.retrans_timer).or(self.retrans_timer);
    }

    fn take_prefix(&mut self, from: Sender, option: &PrefixInformation) {
        let now = from.now;
        // Who withdraws a prefix does not advertise it.
        let router = (option.valid > Lifetime::ZERO).then_some(from.router);
        let preferred = Expiry::after(now, option.preferred);
        // All the world on this link would be a second default route.
        if option.on_link && option.prefix != default_prefix() {
            let valid = Expiry::after(now, option.valid);
            claim(&mut self.on_link, router, option.prefix, valid, preferred);
            self.on_link.retain(|_, claim| !claim.valid.is_past(now));
        }
        if slaac::is_usable(option) {
            let old = self.autonomous.get(&option.prefix).map(|claim| claim.valid);
            if let Some(valid) = slaac::valid(now, old, option.valid) {
                claim(
                    &mut self.autonomous,
                    router,
                    option.prefix,
                    valid,
                    preferred,
                );
            }
        }
    }

    fn take_route(&mut self, from: Sender, option: &RouteInformation, settings: &Settings) {
        let accepted = if option.prefix == default_prefix() {
            settings.accept_default
        } else {
            settings.accept_routes && is_unicast(option.prefix)
        };
        if accepted {
            let entry = RouteEntry {
                gateway: from.gateway,
                preference: option.preference,
                valid: Expiry::after(from.now, option.lifetime),
            };
            put(&mut self.routes, (option.prefix, from.router), entry);
            self.routes
                .retain(|_, route| !route.valid.is_past(from.now));
        }
    }

    fn take_dns(&mut self, from: Sender, advert: &RouterAdvert) {
        let ends = |lifetime| Expiry::after(from.now, lifetime);
        let servers = advert.dns_servers.iter().flat_map(|option| {
            let addresses = option.addresses.iter();
            addresses.map(move |address| (*address, ends(option.lifetime)))
        });
        self.servers.take(from, servers);
        let domains = advert.search_lists.iter().flat_map(|option| {
            let names = option.names.iter();
            names.map(move |name| (name.clone(), ends(option.lifetime)))
        });
        self.domains.take(from, domains);
    }

    /// Forgets the kinds that `settings` do not accept.
    pub(super) fn refuse(&mut self, settings: &Settings) {
        if !settings.accept_prefixes {
            self.on_link.clear();
            self.autonomous.clear();
        }
        self.routes.retain(|(prefix, _), _| {
            if *prefix == default_prefix() {
                settings.accept_default
            } else {
                settings.accept_routes
            }
        });
        if !settings.accept_dns {
            self.servers.clear();
            self.domains.clear();
        }
        let mtu = |mtu| settings.accept_mtu && mtu <= settings.max_mtu;
        self.mtu = self.mtu.filter(|told| mtu(told.value));
        let least = settings.min_hop_limit;
        self.hop_limit = self.hop_limit.filter(|told| told.value >= least);
    }

    /// Forgets what only `router` told (RFC 5214 section 8.3.2).
    pub(super) fn forget(&mut self, router: Ipv4Addr) {
        for claims in [&mut self.on_link, &mut self.autonomous] {
            claims.retain(|_, claim| {
                claim.routers.remove(&router);
                !claim.routers.is_empty()
            });
        }
        self.forget_routes(router);
        self.servers.forget(router);
        self.domains.forget(router);
        self.mtu = self.mtu.filter(|told| told.by != router);
        self.hop_limit = self.hop_limit.filter(|told| told.by != router);
        self.reachable_time = self.reachable_time.filter(|told| told.by != router);
        self.retrans_timer = self.retrans_timer.filter(|told| told.by != router);
    }

    /// Forgets the routes through `router`.
    pub(super) fn forget_routes(&mut self, router: Ipv4Addr) {
        self.routes.retain(|(_, via), _| *via != router);
    }

    /// Removes what ends by `now`.
    pub(super) fn expire(&mut self, now: Boottime) {
        self.on_link.retain(|_, claim| !claim.valid.is_past(now));
        self.autonomous.retain(|_, claim| !claim.valid.is_past(now));
        self.routes.retain(|_, route| !route.valid.is_past(now));
        self.servers.expire(now);
        self.domains.expire(now);
    }

    /// The first change that time makes after `now`.
    pub(super) fn next_change(&self, now: Boottime) -> Option<Boottime> {
        let claims = self.on_link.values().map(|claim| claim.valid);
        let addresses = self
            .autonomous
            .values()
            .flat_map(|claim| [claim.valid, claim.preferred]);
        let routes = self.routes.values().map(|route| route.valid);
        let dns = self.servers.ends().chain(self.domains.ends());
        let ends = claims.chain(addresses).chain(routes).chain(dns);
        ends.filter_map(Expiry::time).filter(|end| *end > now).min()
    }
}

/// `::/0`, the prefix of a default route.
pub(super) fn default_prefix() -> Prefix {
    Prefix::default()
}

fn is_unicast(prefix: Prefix) -> bool {
    let address = prefix.address();
    !address.is_unicast_link_local() && !address.is_multicast()
}

fn claim(
    claims: &mut BTreeMap<Prefix, Claim>,
    router: Option<Ipv4Addr>,
    prefix: Prefix,
    valid: Expiry,
    preferred: Expiry,
) {
    let known = claims.remove(&prefix);
    let mut routers = known.map_or_else(BTreeSet::new, |claim| claim.routers);
    routers.extend(router);
    let claim = Claim {
        valid,
        preferred,
        routers,
    };
    put(claims, prefix, claim);
}

fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: V) {
    if map.len() < LIMIT || map.contains_key(&key) {
        map.insert(key, value);
    }
}
