use anyhow::Result;
use aya::maps::xdp::{DevMap, DevMapHash};
use aya::maps::{Array, Map, MapData, MapError};
use isatap_common::abi::{
    Client, Config, Direction, Layer, Locator, LocatorKey, Peer, Prefix, PrefixKey, PrlEntry,
    Probes, Route, StandingEntry,
};
use isatap_common::path::Reason;

use super::entry::{Entry, Fields};
use super::key::Key;
use super::table::Table;
use super::value::Meaning;
use super::{hash, next_hops, trie};
use crate::cli::counters::{self, Counted};
use crate::cli::pins::Pins;
use crate::cli::{Failure, ifname};
use crate::clock;

/// Every entry that says something.
pub(super) fn all(table: Table, pins: &Pins) -> Result<Vec<Entry>> {
    match table {
        Table::Prl => hash::all::<[u8; 4], PrlEntry>(table, pins),
        Table::Peers => hash::all::<[u8; 4], Peer>(table, pins),
        Table::Clients => hash::all::<[u8; 4], Client>(table, pins),
        Table::Locators => hash::all::<LocatorKey, Locator>(table, pins),
        Table::Told | Table::Prefixes => trie::all::<PrefixKey, Prefix>(table, pins),
        Table::Routes => trie::all::<PrefixKey, Route>(table, pins),
        Table::KnownIpv4 => trie::all::<[u8; 4], StandingEntry>(table, pins),
        Table::NextHops => next_hops::all(pins),
        Table::Links => links(pins),
        Table::Counters => Ok(counters::read(pins)?.iter().map(counter).collect()),
        Table::Config => one::<Config>(table, pins),
        Table::Probes => one::<Probes>(table, pins),
        Table::Solicits => buckets(pins),
        Table::Events => Err(a_stream().into()),
        Table::Uncached => Err(programs().into()),
    }
}

/// What it says about one key: nothing, one entry, or one for each CPU.
pub(super) fn get(table: Table, pins: &Pins, key: &str) -> Result<Vec<Entry>> {
    match table {
        Table::Prl => hash::get::<[u8; 4], PrlEntry>(table, pins, key),
        Table::Peers => hash::get::<[u8; 4], Peer>(table, pins, key),
        Table::Clients => hash::get::<[u8; 4], Client>(table, pins, key),
        Table::Locators => hash::get::<LocatorKey, Locator>(table, pins, key),
        Table::Told | Table::Prefixes => trie::get::<PrefixKey, Prefix>(table, pins, key),
        Table::Routes => trie::get::<PrefixKey, Route>(table, pins, key),
        Table::KnownIpv4 => trie::get::<[u8; 4], StandingEntry>(table, pins, key),
        Table::NextHops => next_hops::get(pins, key),
        Table::Links => {
            let wanted = hash::parse::<u32>(table, key)?.text();
            Ok(only(links(pins)?, &wanted))
        }
        Table::Counters => one_counter(pins, key),
        Table::Config => Ok(only(one::<Config>(table, pins)?, key)),
        Table::Probes => Ok(only(one::<Probes>(table, pins)?, key)),
        Table::Solicits => Ok(only(buckets(pins)?, key)),
        Table::Events => Err(a_stream().into()),
        Table::Uncached => Err(programs().into()),
    }
}

fn only(mut entries: Vec<Entry>, key: &str) -> Vec<Entry> {
    entries.retain(|entry| entry.key == key);
    entries
}

fn programs() -> Failure {
    Failure::failed("UNCACHED holds programs; `bpftool prog` shows them")
}

fn a_stream() -> Failure {
    Failure::failed("EVENTS is a ring of records, each of which is read once, by the daemon")
}

fn one<V: Meaning>(table: Table, pins: &Pins) -> Result<Vec<Entry>> {
    let map: Array<MapData, V> = pins.typed(table.name())?;
    Ok(vec![Entry {
        key: "0".to_owned(),
        fields: map.get(&0, 0)?.fields(clock::now()),
    }])
}

/// Those that were ever taken from.
fn buckets(pins: &Pins) -> Result<Vec<Entry>> {
    let map: Array<MapData, Probes> = pins.typed(Table::Solicits.name())?;
    let now = clock::now();
    let mut entries = Vec::new();
    for index in 0..map.len() {
        let bucket = map.get(&index, 0)?;
        if bucket != Probes::default() {
            entries.push(Entry {
                key: index.to_string(),
                fields: bucket.fields(now),
            });
        }
    }
    Ok(entries)
}

fn links(pins: &Pins) -> Result<Vec<Entry>> {
    let name = Table::Links.name();
    let get = |key, value: Result<Option<_>, MapError>| match value {
        Ok(Some(ifindex)) => Some(Ok(link(key, ifindex))),
        Ok(None) | Err(MapError::KeyNotFound) => None,
        Err(error) => Some(Err(error.into())),
    };
    if matches!(pins.open(name)?, Map::DevMap(_)) {
        let map: DevMap<MapData> = pins.typed(name)?;
        let index = |slot| {
            map.get(slot, 0)
                .map(|value| Some(value.if_index).filter(|i| *i != 0))
        };
        return (0..map.len())
            .filter_map(|slot| get(slot, index(slot)))
            .collect();
    }
    let map: DevMapHash<MapData> = pins.typed(name)?;
    let keys = map.keys().collect::<Result<Vec<_>, _>>()?;
    let index = |key| map.get(key, 0).map(|value| Some(value.if_index));
    keys.into_iter()
        .filter_map(|key| get(key, index(key)))
        .collect()
}

fn link(key: u32, ifindex: u32) -> Entry {
    Entry {
        key: key.text(),
        fields: Fields::new()
            .with("interface", ifname::of(ifindex))
            .with("ifindex", ifindex),
    }
}

fn counter(counted: &Counted) -> Entry {
    Entry {
        key: format!("{}/{}/{}", counted.direction, counted.layer, counted.reason),
        fields: Fields::new()
            .with("verdict", counted.verdict)
            .with("packets", counted.packets)
            .with("bytes", counted.bytes),
    }
}

fn one_counter(pins: &Pins, key: &str) -> Result<Vec<Entry>> {
    let (direction, layer, reason) = counter_key(key).ok_or_else(|| {
        Failure::usage(format!("{key} is no key of COUNTERS"))
            .hint("its key is direction/layer/reason, such as in/xdp/cached")
    })?;
    let counted = counters::read_one(pins, direction, layer, reason)?;
    Ok(vec![counter(&counted)])
}

fn counter_key(key: &str) -> Option<(Direction, Layer, Reason)> {
    let (direction, rest) = key.split_once('/')?;
    let (layer, reason) = rest.split_once('/')?;
    Some((
        Direction::ALL.into_iter().find(|d| d.name() == direction)?,
        Layer::ALL.into_iter().find(|l| l.name() == layer)?,
        Reason::from_name(reason)?,
    ))
}
