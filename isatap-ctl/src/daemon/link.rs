//! What the ISATAP link looks like from this node: for a router it follows from the
//! configuration, for a host from what routers advertise.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, Ipv6Addr},
};

use ipnet::Ipv6Net;
use isatap_common::{
    addr::{self, Form, prefix64},
    nd,
};

use super::world::Locator;
use crate::{
    clock::Boottime, config::RouterSettings, kernel::routes::Preference, nd::host::HostState,
};

/// Addresses, prefixes and routes of the link. A deadline of `None` is never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Our addresses beside the link-local ones.
    pub addresses: BTreeMap<Ipv6Addr, Lifetimes>,
    /// On-link prefixes beside fe80::/64, and until when.
    pub prefixes: BTreeMap<Ipv6Net, Option<Boottime>>,
    /// One route for each destination.
    pub routes: BTreeMap<Ipv6Net, Gateway>,
    /// Largest packet, if a router said.
    pub mtu: Option<u32>,
}

/// Until when an address may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifetimes {
    /// For new connections.
    pub preferred: Option<Boottime>,
    /// At all.
    pub valid: Option<Boottime>,
}

/// The next hop of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its link-local address.
    pub address: Ipv6Addr,
    /// Among routers.
    pub preference: Preference,
}

impl Link {
    /// A router's link: for each locator an address in each prefix that it advertises as on-link, and
    /// a route to each prefix behind a host.
    pub fn of_router(settings: &RouterSettings, locators: &[Locator]) -> Self {
        let mut link = Self::default();
        for advertised in settings
            .prefixes
            .iter()
            .filter(|advertised| advertised.on_link)
        {
            link.prefixes.insert(advertised.prefix, None);
            for locator in locators {
                let address = in_prefix(advertised.prefix, locator.ipv4);
                link.addresses.insert(address, Lifetimes::default());
            }
        }
        for mapping in &settings.mappings {
            let gateway = Gateway {
                address: link_local(mapping.via)[0],
                preference: Preference::Medium,
            };
            link.routes.insert(mapping.prefix, gateway);
        }
        link
    }

    /// A host's link: what its routers have said and is still valid. Of several routers for one
    /// destination the preferred one counts, and among equals the lowest address, so that there
    /// is exactly one route.
    pub fn of_host(state: &HostState) -> Self {
        let mut link = Self {
            mtu: state.mtu,
            ..Self::default()
        };
        for address in &state.addresses {
            let lifetimes = Lifetimes {
                preferred: address.preferred_until,
                valid: address.valid_until,
            };
            link.addresses.insert(address.address, lifetimes);
        }
        for prefix in &state.on_link {
            if let Some(net) = net(prefix.prefix) {
                link.prefixes.insert(net, prefix.valid_until);
            }
        }
        for route in state.default_routes.iter().chain(&state.routes) {
            let Some(net) = net(route.prefix) else {
                continue;
            };
            let gateway = Gateway {
                address: route.gateway,
                preference: preference(route.preference),
            };
            let best = link.routes.entry(net).or_insert(gateway);
            let rank = |gateway: &Gateway| (gateway.preference, std::cmp::Reverse(gateway.address));
            if rank(&gateway) > rank(best) {
                *best = gateway;
            }
        }
        link
    }
}

fn net(prefix: nd::Prefix) -> Option<Ipv6Net> {
    Ipv6Net::new(prefix.address(), prefix.length()).ok()
}

/// The advertised preference as the kernel has it.
const fn preference(advertised: nd::Preference) -> Preference {
    match advertised {
        nd::Preference::High => Preference::High,
        nd::Preference::Medium => Preference::Medium,
        nd::Preference::Low => Preference::Low,
    }
}

/// Both link-local addresses of a locator, the form that RFC 5214 section 6.1 wants first.
/// Routers are asked at either, because hosts cannot tell which one a router has.
pub fn link_local(locator: Ipv4Addr) -> [Ipv6Addr; 2] {
    let canonical = Form::of(locator.octets());
    [canonical, canonical.other()].map(|form| addr::link_local(form, locator.octets()).into())
}

/// Our address in `prefix`.
fn in_prefix(prefix: Ipv6Net, locator: Ipv4Addr) -> Ipv6Addr {
    let ipv4 = locator.octets();
    addr::address(prefix64(&prefix.network().octets()), Form::of(ipv4), ipv4).into()
}
