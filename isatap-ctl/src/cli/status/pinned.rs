//! What the pinned maps and the device say when there is no daemon to ask.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::Result;
use aya::maps::lpm_trie::LpmTrie;
use aya::maps::{Array, HashMap, MapData};
use ipnet::Ipv6Net;
use isatap_common::abi::{Config, LocatorRef, Prefix, PrefixKey, PrlEntry, Route};
use isatap_common::addr::{self, Form};
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

use crate::cli::pins::Pins;
use crate::cli::{counters, deadline, ifname, words};
use crate::clock;
use crate::control::{
    DaemonStatus, DeviceStatus, DnsStatus, LocatorStatus, MappingStatus, PrefixStatus, PrlStatus,
    Role, SCHEMA, StatusDocument,
};
use crate::kernel::lock;

/// The status without a daemon.
pub fn status(interface: &str) -> Result<StatusDocument> {
    let pins = Pins::of(interface)?;
    let map: Array<MapData, Config> = pins.typed("CONFIG")?;
    let config = map.get(&0, 0)?;
    let is_router = config.is_router();
    Ok(StatusDocument {
        schema: SCHEMA,
        interface: interface.to_owned(),
        role: if is_router { Role::Router } else { Role::Host },
        advertised_by: None,
        advertising: None,
        daemon: DaemonStatus {
            alive: false,
            pid: lock::holder(interface).ok().flatten(),
            version: None,
            config: None,
            loop_lag: None,
        },
        device: device(interface, config.mtu),
        locators: locators(&config),
        uplinks: Vec::new(),
        links: Vec::new(),
        prefixes: prefixes(&pins)?,
        mappings: if is_router {
            mappings(&pins)?
        } else {
            Vec::new()
        },
        addresses: addresses(interface),
        prl: prl(&pins)?,
        resolver: None,
        peers: Vec::new(),
        routers: Vec::new(),
        dns: DnsStatus::default(),
        counters: counters::totals(&counters::read(&pins)?),
        suspicions: Vec::new(),
    })
}

/// The Potential Router List as the kernel programs have it.
pub fn prl(pins: &Pins) -> Result<Vec<PrlStatus>> {
    let map: HashMap<MapData, [u8; 4], PrlEntry> = pins.typed("PRL")?;
    let now = clock::now();
    let mut list = Vec::new();
    for pair in &map {
        let (ipv4, entry) = pair?;
        list.push(PrlStatus {
            ipv4: ipv4.into(),
            sources: vec![words::source(entry.source).to_owned()],
            ttl_seconds: deadline::left(entry.deadline, now),
            preference: words::preference(entry.preference),
            last_ra_seconds: None,
            lifetime_left: None,
            reachability: words::reachability(0).to_owned(),
        });
    }
    list.sort_by_key(|entry| entry.ipv4);
    Ok(list)
}

fn locators(config: &Config) -> Vec<LocatorStatus> {
    let used = config.locators.iter().take(config.locator_count.into());
    let locator = |locator: &LocatorRef| LocatorStatus {
        ipv4: Ipv4Addr::from(locator.ipv4),
        interface: ifname::of(locator.ifindex),
        link_local: addr::link_local(Form::of(locator.ipv4), locator.ipv4).into(),
    };
    used.map(locator).collect()
}

fn prefixes(pins: &Pins) -> Result<Vec<PrefixStatus>> {
    let map: LpmTrie<MapData, PrefixKey, Prefix> = pins.typed("PREFIXES")?;
    let now = clock::now();
    let mut list = Vec::new();
    for pair in &map {
        let (key, prefix) = pair?;
        let length = u8::try_from(key.prefix_len())?;
        list.push(PrefixStatus {
            prefix: Ipv6Net::new(Ipv6Addr::from(key.data()), length)?,
            valid_seconds: deadline::left(prefix.deadline, now),
            preferred_seconds: None,
            router: None,
        });
    }
    list.sort_by_key(|status| status.prefix);
    Ok(list)
}

fn mappings(pins: &Pins) -> Result<Vec<MappingStatus>> {
    let map: LpmTrie<MapData, PrefixKey, Route> = pins.typed("ROUTES")?;
    let mut list = Vec::new();
    for pair in &map {
        let (key, route) = pair?;
        if route.via == Route::OURS_ELSEWHERE {
            continue;
        }
        let length = u8::try_from(key.prefix_len())?;
        list.push(MappingStatus {
            prefix: Ipv6Net::new(Ipv6Addr::from(key.data()), length)?,
            via: route.via.into(),
        });
    }
    list.sort_by_key(|mapping| mapping.prefix);
    Ok(list)
}

fn device(name: &str, mtu: u32) -> Option<DeviceStatus> {
    let mut all = getifaddrs().ok()?;
    let found = all.find(|entry| entry.interface_name == name)?;
    Some(DeviceStatus {
        name: name.to_owned(),
        mtu,
        up: found.flags.contains(InterfaceFlags::IFF_UP),
    })
}

fn addresses(name: &str) -> Vec<Ipv6Addr> {
    let ours = getifaddrs()
        .into_iter()
        .flatten()
        .filter(|entry| entry.interface_name == name);
    ours.filter_map(|entry| Some(entry.address?.as_sockaddr_in6()?.ip()))
        .collect()
}
