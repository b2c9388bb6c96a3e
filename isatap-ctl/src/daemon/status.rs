//! What `status` shows of a running daemon.

mod peers;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use isatap_common::{
    abi::{Direction, Layer, PrlSource, Reachability, Route},
    nd::Preference,
    path::{Reason, Verdict},
};

use super::{desired, link, node::Node, resolved::Outcome, world::Locator};
use crate::{
    clock::{self, Boottime},
    config::{self, RoleSettings},
    control::{
        AdvertisedBy, AdvertisingStatus, AnsweredStatus, Count, DaemonStatus, DeviceStatus,
        DnsStatus, LayerTotals, LinkStatus, LocatorStatus, MappingStatus, PrefixStatus, PrlStatus,
        ResolvedStatus, ResolverStatus, Role, RouterStatus, SCHEMA, StatusDocument, TcState,
        XdpState,
    },
    datapath::{self, AttachedMode, Hook},
    nd::{
        host::{self, RouterState},
        router::Advertiser,
    },
};

/// Everything about the node.
pub fn document(node: &Node) -> StatusDocument {
    let now = clock::now();
    let interface = &node.settings.interface;
    let locators = node.world.locators(&node.settings);
    let link = node.link_now();
    let (role, links) = match &node.settings.role {
        RoleSettings::Router(router) => (Role::Router, router.links.as_slice()),
        RoleSettings::Host(_) => (Role::Host, [].as_slice()),
    };
    let device = node.world.links.get(&node.index).map(|link| DeviceStatus {
        name: link.name.clone(),
        mtu: link.mtu,
        up: link.up,
    });
    StatusDocument {
        schema: SCHEMA,
        interface: interface.name.clone(),
        role,
        advertised_by: AdvertisedBy::wanted(&node.settings.role),
        daemon: DaemonStatus {
            alive: true,
            pid: Some(std::process::id()),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            config: std::path::absolute(&node.settings.file).ok(),
            loop_lag: Some(node.lag.figures()),
        },
        device,
        locators: locators.iter().map(|of| locator(node, *of)).collect(),
        uplinks: nics(node, &interface.uplinks),
        links: nics(node, links),
        prefixes: prefixes(node, &link, now),
        mappings: match role {
            Role::Router => mappings(node),
            Role::Host => Vec::new(),
        },
        addresses: desired::addresses(&link, &locators).into_keys().collect(),
        prl: prl(node),
        resolver: resolver(node, now),
        advertising: node
            .discovery
            .advertiser()
            .map(|router| advertising(router, node, now)),
        peers: peers::peers(&node.watch, now),
        routers: routers(node, now),
        dns: dns(node, now),
        counters: totals(node),
        suspicions: node.suspicions.shown(now),
    }
}

/// The Potential Router List with what is known of each router.
pub fn prl(node: &Node) -> Vec<PrlStatus> {
    let now = clock::now();
    let host = node.discovery.host(now).unwrap_or_default();
    let defaults: BTreeMap<_, _> = host
        .default_routes
        .iter()
        .map(|r| (r.via, r.preference))
        .collect();
    let watched = node.watch.peers(now).map(|peer| peer.router);
    let known = host.routers.into_iter().chain(watched);
    let known: BTreeMap<_, RouterState> = known.map(|router| (router.router, router)).collect();
    let entry = |(ipv4, sources): (_, &BTreeSet<PrlSource>)| {
        let router = known.get(&ipv4);
        let until = router.and_then(|router| router.lifetime_end);
        PrlStatus {
            ipv4,
            sources: sources
                .iter()
                .map(|source| source.name().to_owned())
                .collect(),
            ttl_seconds: node
                .resolver
                .until(ipv4)
                .filter(|_| is_from_dns_alone(sources))
                .map(|until| left(until, now)),
            preference: defaults
                .get(&ipv4)
                .map_or(config::Preference::Medium, |p| preference(*p)),
            last_ra_seconds: router
                .and_then(|r| r.last_advertised)
                .map(|at| (now.saturating_sub(at)).as_secs()),
            lifetime_left: until
                .filter(|until| *until > now)
                .map(|until| left(until, now)),
            reachability: reachability(node.detector.reachability(ipv4)).to_owned(),
        }
    };
    node.prl.iter().map(entry).collect()
}

/// Another source names the router without end.
fn is_from_dns_alone(sources: &BTreeSet<PrlSource>) -> bool {
    sources.iter().all(|source| *source == PrlSource::Dns)
}

fn resolver(node: &Node, now: Boottime) -> Option<ResolverStatus> {
    let state = node.resolver.state()?;
    let ago = |then: Boottime| left(now, then);
    let (failed, why) = state.failed.unzip();
    Some(ResolverStatus {
        domain: state.name,
        last_answer_seconds: state.answered.map(ago),
        last_error: why,
        last_error_seconds: failed.map(ago),
        next_lookup_seconds: state.next.map(|next| left(next, now)),
        refused: state.refused,
    })
}

fn locator(node: &Node, Locator { index, ipv4 }: Locator) -> LocatorStatus {
    let link = node.world.links.get(&index);
    LocatorStatus {
        ipv4,
        interface: link.map_or_else(String::new, |link| link.name.clone()),
        link_local: link::link_local(ipv4)[0],
    }
}

fn nics(node: &Node, names: &[String]) -> Vec<LinkStatus> {
    names.iter().map(|name| nic(node, name)).collect()
}

fn nic(node: &Node, name: &str) -> LinkStatus {
    let index = node.world.link(name).map(|link| link.index);
    let state = index.and_then(|index| node.hooks.get(&Hook::Xdp(index)));
    let forwards = index.is_some_and(|index| node.hooks.contains_key(&Hook::Forward(index)));
    let (xdp, reason) = match state {
        Some(state) => {
            let xdp = match state.mode {
                AttachedMode::Native => XdpState::Native,
                AttachedMode::Generic => XdpState::Generic,
                AttachedMode::Tc => XdpState::Off,
            };
            (
                xdp,
                state
                    .reason
                    .clone()
                    .unwrap_or_else(|| "the driver supports it".to_owned()),
            )
        }
        None => (XdpState::Off, why_off(node, name)),
    };
    LinkStatus {
        name: name.to_owned(),
        xdp,
        tc: forwards.then_some(TcState::Forward),
        reason,
    }
}

fn why_off(node: &Node, name: &str) -> String {
    let Some(link) = node.world.link(name) else {
        return "there is no such interface".to_owned();
    };
    let reason = if matches!(node.settings.role, RoleSettings::Host(_)) {
        "a host receives for itself, which traffic control does faster"
    } else if let Some(why) = desired::unfit_for_xdp(&node.settings, &node.world, link) {
        return why;
    } else {
        "datapath.xdp is off"
    };
    reason.to_owned()
}

fn prefixes(node: &Node, link: &link::Link, now: Boottime) -> Vec<PrefixStatus> {
    // The lifetimes that another program advertises are not ours to tell.
    let configured = match &node.settings.role {
        RoleSettings::Router(router) if router.advertise => router.prefixes.as_slice(),
        _ => &[],
    };
    let seconds = |lifetime| match lifetime {
        config::Lifetime::Seconds(seconds) => Some(u64::from(seconds)),
        config::Lifetime::Infinite => None,
    };
    let own = configured.iter().map(|advertised| PrefixStatus {
        prefix: advertised.prefix,
        valid_seconds: seconds(advertised.valid),
        preferred_seconds: seconds(advertised.preferred),
        router: None,
    });
    let learned = link.prefixes.iter().filter(|_| configured.is_empty());
    let learned = learned.map(|(prefix, until)| PrefixStatus {
        prefix: *prefix,
        valid_seconds: until.map(|until| left(until, now)),
        preferred_seconds: None,
        router: None,
    });
    own.chain(learned).collect()
}

fn mappings(node: &Node) -> Vec<MappingStatus> {
    let routes = node.tables.iter().flat_map(|tables| &tables.routes);
    let routes = routes.filter(|(_, via)| via.octets() != Route::OURS_ELSEWHERE);
    let mapping = |(prefix, via): (&_, &_)| MappingStatus {
        prefix: *prefix,
        via: *via,
    };
    routes.map(mapping).collect()
}

/// How many hosts are listed.
const LATEST: usize = 32;

fn advertising(router: &Advertiser, node: &Node, now: Boottime) -> AdvertisingStatus {
    let counters = router.counters();
    let mut hosts: Vec<_> = router.answered().collect();
    let count = hosts.len() as u64;
    hosts.sort_by_key(|answered| std::cmp::Reverse(answered.at));
    let latest = hosts.into_iter().take(LATEST);
    AdvertisingStatus {
        forwarding: router.is_forwarding(),
        withdrawing: router.withdrawing() as u64,
        solicited: counters.solicited,
        merged: counters.merged,
        refused: counters.refused,
        full: counters.full,
        lost: node.lost().into(),
        sent: counters.answered,
        waiting: router.waiting() as u64,
        hosts: count,
        latest: latest
            .map(|answered| AnsweredStatus {
                ipv4: answered.host,
                address: answered.address,
                seconds: now.saturating_sub(answered.at).as_secs(),
            })
            .collect(),
    }
}

fn routers(node: &Node, now: Boottime) -> Vec<RouterStatus> {
    let Some(state) = node.discovery.host(now) else {
        return Vec::new();
    };
    let mut routes = state.default_routes;
    let rank = |route: &host::Route| link::rank(route, node.detector.dead_since(route.via));
    routes.sort_by_key(|route| std::cmp::Reverse(rank(route)));
    let status = routes.into_iter().map(|route| RouterStatus {
        address: route.gateway,
        ipv4: route.via,
        preference: preference(route.preference),
        lifetime_left: route.valid_until.map(|until| left(until, now)),
    });
    status.collect()
}

fn dns(node: &Node, now: Boottime) -> DnsStatus {
    if let Some(state) = node.discovery.host(now) {
        let host::Resolvers { servers, search } = state.resolvers();
        return DnsStatus {
            servers,
            search,
            resolved: resolved(node, now),
        };
    }
    match &node.settings.role {
        RoleSettings::Router(router) if router.advertise => {
            router
                .dns
                .clone()
                .map_or_else(DnsStatus::default, |dns| DnsStatus {
                    servers: dns.servers,
                    search: dns.search,
                    resolved: None,
                })
        }
        _ => DnsStatus::default(),
    }
}

fn resolved(node: &Node, now: Boottime) -> Option<ResolvedStatus> {
    let status = match node.hand_over_outcome()? {
        Outcome::Pending => ResolvedStatus::default(),
        Outcome::Taken => ResolvedStatus {
            taken: true,
            ..ResolvedStatus::default()
        },
        Outcome::Failed { why, at } => ResolvedStatus {
            taken: false,
            last_error: Some(why),
            last_error_seconds: Some(left(now, at)),
        },
    };
    Some(status)
}

fn totals(node: &Node) -> Vec<LayerTotals> {
    let layers = Direction::ALL
        .into_iter()
        .flat_map(|d| Layer::ALL.map(|l| (d, l)));
    layers
        .map(|(direction, layer)| total(node, direction, layer))
        .collect()
}

fn total(node: &Node, direction: Direction, layer: Layer) -> LayerTotals {
    let mut counts = [Count::default(); 3];
    for reason in Reason::ALL {
        let maps = &node.datapath.maps;
        let place = (direction, layer, *reason);
        let Ok(counted) = datapath::counted(&maps.counters, &maps.caches, place) else {
            continue;
        };
        let [forwarded, passed, dropped] = &mut counts;
        let count = match reason.verdict() {
            Verdict::Forward => forwarded,
            Verdict::Pass => passed,
            Verdict::Drop => dropped,
        };
        count.packets += counted.packets;
        count.bytes += counted.bytes;
    }
    let [forwarded, passed, dropped] = counts;
    LayerTotals {
        direction: direction.name().to_owned(),
        layer: layer.name().to_owned(),
        forwarded,
        passed,
        dropped,
    }
}

const fn preference(preference: Preference) -> config::Preference {
    match preference {
        Preference::High => config::Preference::High,
        Preference::Medium => config::Preference::Medium,
        Preference::Low => config::Preference::Low,
    }
}

const fn reachability(state: Reachability) -> &'static str {
    match state {
        Reachability::Unknown => "unknown",
        Reachability::Reachable => "reachable",
        Reachability::Stale => "stale",
        Reachability::Delay => "delay",
        Reachability::Probe => "probe",
        Reachability::Unreachable => "unreachable",
    }
}

fn left(until: Boottime, now: Boottime) -> u64 {
    let left: Duration = until.saturating_sub(now);
    left.as_secs()
}
