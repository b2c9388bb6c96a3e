use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use isatap_common::abi;

use super::schema::Table;
use super::settings::{
    AdvertisedPrefix, AdvertisedRoute, Dns, Lifetime, Preference, RouterSettings,
};
use super::{duration, mapping, prefix, value};

const PREFERENCE: [(&str, Preference); 3] = [
    ("high", Preference::High),
    ("medium", Preference::Medium),
    ("low", Preference::Low),
];
const WITHOUT_ADVERTISING: &str = "router.advertise = false";
const DAY: u32 = 86_400;
/// Largest `AdvReachableTime` in milliseconds (RFC 4861 section 6.2.1).
const MAX_REACHABLE: u32 = 3_600_000;
/// Least Router Lifetime of a default router in seconds (RFC 4861 section 6.2.1), the least
/// `MaxRtrAdvInterval`; RFC 8319 has raised the most to what the field holds.
const MIN_LIFETIME: u32 = 4;
/// Other routers that can be watched: far more than a site has.
const MAX_PEERS: usize = 64;
/// On-link prefixes that the kernel programs have room for beside fe80::/64.
const MAX_PREFIXES: usize = abi::PREFIXES_LEN as usize - 1;

/// Reads `[router]`.
pub(super) fn read(table: &Table<'_>) -> RouterSettings {
    let switch = |key| table.read(key, value::switch).unwrap_or(false);
    let milliseconds = |key, most| {
        let read = table.read(key, duration::milliseconds(most));
        read.unwrap_or(Duration::ZERO)
    };
    let advertise = table.read("advertise", value::switch).unwrap_or(true);
    let prefixes = prefixes(table, advertise);
    let router = RouterSettings {
        advertise,
        links: table
            .list("links", value::interface_name)
            .unwrap_or_default(),
        peers: peers(table),
        lifetime: table
            .read("lifetime", duration::zero_or_seconds(MIN_LIFETIME))
            .unwrap_or(Duration::from_mins(30)),
        preference: preference(table),
        hop_limit: table
            .read("hop-limit", value::number(0..=255))
            .unwrap_or(64),
        managed: switch("managed"),
        other: switch("other"),
        reachable_time: milliseconds("reachable-time", MAX_REACHABLE),
        retrans_timer: milliseconds("retrans-timer", u32::MAX),
        ra_rate: table
            .read("ra-rate", value::number(1..=1_000_000))
            .unwrap_or(1000),
        mappings: mapping::read(table, &prefixes),
        prefixes,
        routes: routes(table),
        dns: dns(&table.section("dns")),
    };
    if !advertise {
        note_idle(table);
    }
    table.refuse_unknown();
    router
}

/// What only Router Advertisements use. It may stay in the file, so that one line changes who
/// sends them.
fn note_idle(table: &Table<'_>) {
    for key in [
        "lifetime",
        "preference",
        "hop-limit",
        "managed",
        "other",
        "reachable-time",
        "retrans-timer",
        "ra-rate",
        "route",
        "dns",
    ] {
        table.idle(key, WITHOUT_ADVERTISING);
    }
}

/// The same for one prefix, of which the router's own address and route are left.
fn note_idle_prefix(table: &Table<'_>, prefix: &AdvertisedPrefix) {
    if prefix.on_link {
        for key in ["valid", "preferred"] {
            table.idle(key, WITHOUT_ADVERTISING);
        }
    } else {
        table.idle("prefix", "router.advertise = false and on-link = false");
    }
}

fn preference(table: &Table<'_>) -> Preference {
    table
        .read("preference", value::word(&PREFERENCE))
        .unwrap_or(Preference::Medium)
}

fn prefixes(router: &Table<'_>, advertise: bool) -> Vec<AdvertisedPrefix> {
    let (mut list, mut seen) = (Vec::new(), BTreeSet::new());
    for table in router.sections("prefix") {
        let read = advertised_prefix(&table);
        if let Some(read) = read {
            if !advertise {
                note_idle_prefix(&table, &read);
            }
            refuse_twice(&table, !seen.insert(read.prefix), read.prefix);
            list.push(read);
            refuse_beyond(&table, list.len());
        }
        table.refuse_unknown();
    }
    list
}

/// Names the first prefix that has no room.
fn refuse_beyond(table: &Table<'_>, count: usize) {
    if count == MAX_PREFIXES + 1 {
        let path = table.path_of("prefix");
        table.wrong(
            "prefix",
            format!("{path}: at most {MAX_PREFIXES} are possible"),
        );
    }
}

fn advertised_prefix(table: &Table<'_>) -> Option<AdvertisedPrefix> {
    let prefix = table.require("prefix", prefix::on_link);
    let switch = |key| table.read(key, value::switch).unwrap_or(true);
    let valid = table.read("valid", duration::lifetime);
    let preferred = table.read("preferred", duration::lifetime);
    if let (Some(valid), Some(preferred)) = (valid, preferred)
        && preferred > valid
    {
        table.wrong(
            "preferred",
            "router.prefix.preferred: is longer than router.prefix.valid; expected the same or less"
                .to_owned(),
        );
    }
    let (on_link, autonomous) = (switch("on-link"), switch("autonomous"));
    let prefix = prefix?;
    refuse_length(table, prefix, autonomous);
    // The defaults of RFC 4861 section 6.2.1, kept in order when only one of them is written.
    let week = preferred.unwrap_or(Lifetime::Seconds(7 * DAY));
    let valid = valid.unwrap_or_else(|| Lifetime::Seconds(30 * DAY).max(week));
    Some(AdvertisedPrefix {
        prefix,
        valid,
        preferred: week.min(valid),
        on_link,
        autonomous,
    })
}

fn refuse_length(table: &Table<'_>, prefix: Ipv6Net, autonomous: bool) {
    if autonomous && prefix.prefix_len() != 64 {
        table.wrong(
            "prefix",
            format!(
                "router.prefix.prefix: expected a /64, because hosts form addresses in it, found \
                 \"{prefix}\"; or set autonomous = false"
            ),
        );
    }
}

fn refuse_twice(table: &Table<'_>, twice: bool, prefix: Ipv6Net) {
    if twice {
        let path = table.path_of("prefix");
        table.wrong("prefix", format!("{path}: \"{prefix}\" is there twice"));
    }
}

fn routes(router: &Table<'_>) -> Vec<AdvertisedRoute> {
    let (mut list, mut seen) = (Vec::new(), BTreeSet::new());
    for table in router.sections("route") {
        let prefix = table.require("prefix", prefix::advertised);
        let preference = preference(&table);
        let lifetime = table.read("lifetime", duration::lifetime);
        if let Some(prefix) = prefix {
            refuse_twice(&table, !seen.insert(prefix), prefix);
            list.push(AdvertisedRoute {
                prefix,
                preference,
                lifetime: lifetime.unwrap_or(Lifetime::Seconds(1800)),
            });
        }
        table.refuse_unknown();
    }
    list
}

fn dns(table: &Table<'_>) -> Option<Dns> {
    let dns = Dns {
        servers: table.list("servers", value::ipv6).unwrap_or_default(),
        search: table.list("search", value::domain).unwrap_or_default(),
        lifetime: table
            .read("lifetime", duration::lifetime)
            .unwrap_or(Lifetime::Seconds(1800)),
    };
    table.refuse_unknown();
    table.is_present().then_some(dns)
}

fn peers(table: &Table<'_>) -> Vec<Ipv4Addr> {
    let peers = table.list("peers", value::ipv4).unwrap_or_default();
    if peers.len() > MAX_PEERS {
        let path = table.path_of("peers");
        table.wrong("peers", format!("{path}: at most {MAX_PEERS} are possible"));
    }
    peers
}
