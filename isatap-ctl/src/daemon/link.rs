//! What the ISATAP link looks like from this node: for a router it follows from the
//! configuration, for a host from what routers advertise.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, Ipv6Addr},
};

use ipnet::Ipv6Net;
use isatap_common::{
    addr::{self, Form, prefix64},
    nd,
};

use super::world::Locator;
use crate::{
    clock::Boottime,
    config::RouterSettings,
    kernel::routes::Preference,
    nd::host::{HostState, Route},
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
    /// Hop limit of what a host sends, if a router said.
    pub hop_limit: Option<u8>,
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

    /// A host's link: what its routers have said and is still valid. `dead_since` says which of them
    /// do not answer. No route leads to what is on the link.
    pub fn of_host(state: &HostState, dead_since: impl Fn(Ipv4Addr) -> Option<Boottime>) -> Self {
        let mut link = Self {
            mtu: state.mtu,
            hop_limit: state.hop_limit,
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
        let best = best(state, |route| rank(route, dead_since(route.via)));
        for (prefix, route) in best {
            if let Some(net) = net(prefix) {
                let gateway = Gateway {
                    address: route.gateway,
                    preference: preference(route.preference),
                };
                link.routes.insert(net, gateway);
            }
        }
        link.routes
            .retain(|net, _| !link.prefixes.contains_key(net));
        link
    }
}

/// The one route to each destination: that of the greatest rank.
fn best<Rank: Ord>(
    state: &HostState,
    rank: impl Fn(&Route) -> Rank,
) -> BTreeMap<nd::Prefix, &Route> {
    let mut best: BTreeMap<_, &Route> = BTreeMap::new();
    for route in state.default_routes.iter().chain(&state.routes) {
        let present = best.entry(route.prefix).or_insert(route);
        if rank(route) > rank(present) {
            *present = route;
        }
    }
    best
}

/// Of routes to one destination that with the greatest rank is used: one whose router answers before
/// one whose router does not (RFC 4191 section 3.2), neighbour or router solicitations, then the
/// preferred, then that of the lowest address; of routers that do not answer the one that was tried longest ago, so that each has its turn (RFC
/// 4861 section 6.3.6).
pub fn rank(route: &Route, dead_since: Option<Boottime>) -> impl Ord + use<> {
    let dead = Reverse(dead_since);
    (
        dead,
        !route.silent,
        route.preference,
        Reverse(route.gateway),
    )
}

/// The routers that would be used if all of them answered.
pub fn wanted(state: &HostState) -> BTreeSet<Ipv4Addr> {
    best(state, |route| (route.preference, Reverse(route.gateway)))
        .values()
        .map(|route| route.via)
        .collect()
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::nd::host::OnLink;

    fn route(last: u8, prefix: &str, preference: nd::Preference, silent: bool) -> Route {
        let via = Ipv4Addr::new(10, 0, 0, last);
        let (address, length) = prefix.split_once('/').unwrap();
        let length = length.parse().unwrap();
        Route {
            prefix: nd::Prefix::new(address.parse().unwrap(), length).unwrap(),
            via,
            gateway: link_local(via)[0],
            preference,
            silent,
            valid_until: None,
        }
    }

    /// The last octets of the routers to `::/0`.
    fn default_router(routes: Vec<Route>) -> Vec<u8> {
        let state = HostState {
            default_routes: routes,
            ..HostState::default()
        };
        let routes = Link::of_host(&state, |_| None).routes.into_values();
        routes
            .filter_map(|gateway| gateway.address.octets().last().copied())
            .collect()
    }

    #[test]
    fn one_router_counts_whatever_they_say() {
        use nd::Preference::{High, Low, Medium};
        let all = |rows: &[(u8, nd::Preference, bool)]| {
            let rows = rows.iter();
            let routes =
                rows.map(|(last, preference, silent)| route(*last, "::/0", *preference, *silent));
            default_router(routes.collect())
        };
        assert_eq!(all(&[]), [0_u8; 0]);
        assert_eq!(all(&[(3, Medium, false), (2, Medium, false)]), [2]);
        assert_eq!(all(&[(3, High, false), (2, Medium, false)]), [3]);
        assert_eq!(all(&[(3, High, true), (2, Low, false)]), [2]);
        assert_eq!(all(&[(3, High, true)]), [3], "better than none");
    }

    #[test]
    fn what_is_on_the_link_has_no_router() {
        let medium = nd::Preference::Medium;
        let peer = route(1, "2001:db8:0:1::/64", medium, false);
        let state = HostState {
            on_link: vec![OnLink {
                prefix: peer.prefix,
                valid_until: None,
            }],
            routes: vec![peer, route(1, "2001:db8:f::/48", medium, false)],
            ..HostState::default()
        };
        let link = Link::of_host(&state, |_| None);
        let expected: Ipv6Net = "2001:db8:f::/48".parse().unwrap();
        assert_eq!(link.routes.into_keys().collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn a_silent_router_is_wanted_all_the_same() {
        use nd::Preference::{High, Medium};
        let state = HostState {
            default_routes: vec![
                route(1, "::/0", Medium, false),
                route(2, "::/0", High, true),
            ],
            ..HostState::default()
        };
        assert_eq!(wanted(&state), BTreeSet::from([Ipv4Addr::new(10, 0, 0, 2)]));
    }

    /// The last octets of the routers to a site and to `::/0`, where those listed died after so many
    /// seconds; the third is preferred, and only the first two lead to the site.
    fn used(dead: &[(u8, u64)]) -> Vec<u8> {
        use nd::Preference::{High, Medium};
        let state = HostState {
            default_routes: vec![
                route(1, "::/0", Medium, false),
                route(2, "::/0", Medium, false),
                route(3, "::/0", High, false),
            ],
            routes: vec![
                route(2, "2001:db8:f::/48", Medium, false),
                route(1, "2001:db8:f::/48", Medium, false),
            ],
            ..HostState::default()
        };
        let dead: BTreeMap<_, _> = dead.iter().copied().collect();
        let dead = |router: Ipv4Addr| {
            let died = dead.get(&router.octets()[3]);
            died.copied().map(Duration::from_secs)
        };
        assert_eq!(wanted(&state).len(), 2);
        let routes = Link::of_host(&state, dead).routes.into_values();
        routes
            .filter_map(|gateway| gateway.address.octets().last().copied())
            .collect()
    }

    #[test]
    fn a_router_that_answers_comes_before_a_preferred_one_that_does_not() {
        assert_eq!(used(&[]), [3, 1]);
        assert_eq!(used(&[(1, 1)]), [3, 2]);
        assert_eq!(used(&[(3, 1)]), [1, 1]);
        assert_eq!(used(&[(1, 1), (3, 2)]), [2, 2]);
        assert_eq!(used(&[(1, 3), (2, 1), (3, 2)]), [2, 2], "each has its turn");
    }
}
