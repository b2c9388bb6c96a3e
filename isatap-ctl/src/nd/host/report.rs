use std::net::{Ipv4Addr, Ipv6Addr};

use isatap_common::addr::{self, Form};

use super::Solicitor;
use super::learned::default_prefix;
use super::state::{Address, DnsServer, HostState, OnLink, Route, RouterState, SearchDomain};
use crate::clock::Boottime;

impl Solicitor {
    /// What is valid at `now`, in a stable order.
    pub fn state(&self, now: Boottime) -> HostState {
        let learned = &self.learned;
        let (default_routes, routes) = self
            .all_routes(now)
            .partition(|route| route.prefix == default_prefix());
        HostState {
            addresses: self.addresses(now),
            on_link: self.on_link(now),
            default_routes,
            routes,
            mtu: learned.mtu.map(|told| told.value),
            hop_limit: learned.hop_limit.map(|told| told.value),
            reachable_time: learned.reachable_time.map(|told| told.value),
            retrans_timer: learned.retrans_timer.map(|told| told.value),
            dns_servers: self.dns_servers(now),
            search_domains: self.search_domains(now),
            routers: self.routers(now).collect(),
        }
    }

    fn addresses(&self, now: Boottime) -> Vec<Address> {
        let Some(locator) = self.locator.map(|locator| locator.octets()) else {
            return Vec::new();
        };
        let claims = self.learned.autonomous.iter();
        let valid = claims.filter(|(_, claim)| !claim.valid.is_past(now));
        let address = |prefix: Ipv6Addr| {
            let prefix = addr::prefix64(&prefix.octets());
            addr::address(prefix, Form::of(locator), locator).into()
        };
        valid
            .map(|(prefix, claim)| Address {
                address: address(prefix.address()),
                preferred_until: claim.preferred.time(),
                valid_until: claim.valid.time(),
            })
            .collect()
    }

    fn on_link(&self, now: Boottime) -> Vec<OnLink> {
        let claims = self.learned.on_link.iter();
        let valid = claims.filter(|(_, claim)| !claim.valid.is_past(now));
        valid
            .map(|(prefix, claim)| OnLink {
                prefix: *prefix,
                valid_until: claim.valid.time(),
            })
            .collect()
    }

    fn all_routes(&self, now: Boottime) -> impl Iterator<Item = Route> {
        let routes = self.learned.routes.iter();
        let valid = routes.filter(move |(_, route)| !route.valid.is_past(now));
        valid.map(|((prefix, via), route)| Route {
            prefix: *prefix,
            via: *via,
            gateway: route.gateway,
            preference: route.preference,
            silent: self.is_silent(*via),
            valid_until: route.valid.time(),
        })
    }

    fn is_silent(&self, router: Ipv4Addr) -> bool {
        let router = self.routers.get(&router);
        router.is_some_and(|router| router.schedule.is_silent())
    }

    fn dns_servers(&self, now: Boottime) -> Vec<DnsServer> {
        let servers = self.learned.servers.valid(now);
        servers
            .map(|entry| DnsServer {
                address: entry.value,
                via: entry.router,
                valid_until: entry.valid.time(),
            })
            .collect()
    }

    fn search_domains(&self, now: Boottime) -> Vec<SearchDomain> {
        let domains = self.learned.domains.valid(now);
        domains
            .map(|entry| SearchDomain {
                name: entry.value.clone(),
                via: entry.router,
                valid_until: entry.valid.time(),
            })
            .collect()
    }

    /// What is known of each router of the list.
    pub fn routers(&self, now: Boottime) -> impl Iterator<Item = RouterState> {
        let state = move |(address, router): (&Ipv4Addr, &super::Router)| RouterState {
            router: *address,
            last_solicited: router.last_solicited,
            last_advertised: router.last_advertised,
            lifetime_end: router.lifetime_end.filter(|end| *end > now),
            form: router.schedule.form(),
            silent: router.schedule.is_silent(),
        };
        self.routers.iter().map(state)
    }
}
