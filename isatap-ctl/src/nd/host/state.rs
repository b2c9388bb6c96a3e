use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use isatap_common::addr::Form;
use isatap_common::nd::{DomainName, Preference, Prefix};

use crate::clock::Boottime;

/// All that the routers of the list told and that is still valid. An end of `None` is never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostState {
    /// Formed from autonomous prefixes (RFC 4862 section 5.5.3); link-local ones are not here.
    pub addresses: Vec<Address>,
    /// Prefixes whose addresses are reached without a router.
    pub on_link: Vec<OnLink>,
    /// Routes to `::/0`.
    pub default_routes: Vec<Route>,
    /// Routes to anything longer (RFC 4191).
    pub routes: Vec<Route>,
    /// MTU of the link.
    pub mtu: Option<u32>,
    /// Hop limit for what we send.
    pub hop_limit: Option<u8>,
    /// Base of the neighbor reachable time.
    pub reachable_time: Option<Duration>,
    /// Time between neighbor solicitations.
    pub retrans_timer: Option<Duration>,
    /// Recursive DNS servers (RFC 8106).
    pub dns_servers: Vec<DnsServer>,
    /// DNS search list (RFC 8106).
    pub search_domains: Vec<SearchDomain>,
    /// Every router of the list.
    pub routers: Vec<RouterState>,
}

/// Name servers and search domains, each once, the first place counting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolvers {
    /// Recursive DNS servers.
    pub servers: Vec<Ipv6Addr>,
    /// DNS search list.
    pub search: Vec<String>,
}

impl Resolvers {
    /// Whether there is neither.
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty() && self.search.is_empty()
    }
}

impl HostState {
    /// What all routers list together; several may list the same.
    pub fn resolvers(&self) -> Resolvers {
        let domains = self.search_domains.iter();
        Resolvers {
            servers: once(self.dns_servers.iter().map(|server| server.address)),
            search: once(domains.map(|domain| domain.name.as_str().to_owned())),
        }
    }
}

fn once<T: PartialEq>(listed: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for value in listed {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

/// An address of ours with prefix length 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Prefix and ISATAP identifier.
    pub address: Ipv6Addr,
    /// Deprecated from then on, which may be past.
    pub preferred_until: Option<Boottime>,
    /// Gone from then on.
    pub valid_until: Option<Boottime>,
}

/// A prefix of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnLink {
    /// Of any length.
    pub prefix: Prefix,
    /// Off-link from then on.
    pub valid_until: Option<Boottime>,
}

/// A route through a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where it leads.
    pub prefix: Prefix,
    /// The router's IPv4 address.
    pub via: Ipv4Addr,
    /// The router's link-local address as it advertises.
    pub gateway: Ipv6Addr,
    /// Among routes to the same prefix.
    pub preference: Preference,
    /// Whether the router has left questions unanswered: any other comes first (RFC 4861 section
    /// 6.3.6).
    pub silent: bool,
    /// Gone from then on.
    pub valid_until: Option<Boottime>,
}

/// A recursive DNS server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DnsServer {
    /// Its address.
    pub address: Ipv6Addr,
    /// The router that told.
    pub via: Ipv4Addr,
    /// Unusable from then on.
    pub valid_until: Option<Boottime>,
}

/// A domain of the search list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchDomain {
    /// Its name.
    pub name: DomainName,
    /// The router that told.
    pub via: Ipv4Addr,
    /// Unusable from then on.
    pub valid_until: Option<Boottime>,
}

/// What is known about one router of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouterState {
    /// Its IPv4 address.
    pub router: Ipv4Addr,
    /// When it was last asked.
    pub last_solicited: Option<Boottime>,
    /// When it last advertised.
    pub last_advertised: Option<Boottime>,
    /// End of its lifetime as a default router; `None` if it is none.
    pub lifetime_end: Option<Boottime>,
    /// The form of its link-local address that answered.
    pub form: Option<Form>,
    /// Whether it has left the last questions unanswered, as many as RFC 4861 section 6.3.7 has.
    pub silent: bool,
}
