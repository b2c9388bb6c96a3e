//! The configuration as an advertisement.

use std::time::Duration;

use ipnet::Ipv6Net;
use isatap_common::nd::{
    DnsServers, DomainName, Lifetime, Preference, Prefix, PrefixInformation, RouteInformation,
    RouterAdvert, SearchList,
};

use crate::{
    config::{self, RouterSettings},
    nd::router::Advertisement,
};

/// What a router of this configuration advertises on a device of this MTU.
pub(super) fn advertisement(router: &RouterSettings, mtu: u32) -> Advertisement {
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
