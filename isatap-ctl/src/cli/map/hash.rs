use anyhow::Result;
use aya::maps::{HashMap, MapData, MapError};

use super::entry::Entry;
use super::key::Key;
use super::table::Table;
use super::value::Meaning;
use crate::cli::Failure;
use crate::cli::pins::Pins;
use crate::clock;

/// Every entry of a hash, by key.
pub(super) fn all<K: Key + Ord, V: Meaning>(table: Table, pins: &Pins) -> Result<Vec<Entry>> {
    let map: HashMap<MapData, K, V> = pins.typed(table.name())?;
    let now = clock::now();
    // A walk starts anew when the entry it stands on goes away, so it is given an end.
    let walk = map.iter().take(usize::try_from(table.max(pins)?)?);
    let mut pairs = walk.collect::<Result<Vec<(K, V)>, _>>()?;
    pairs.sort_by_key(|(key, _)| *key);
    pairs.dedup_by_key(|(key, _)| *key);
    Ok(pairs
        .iter()
        .map(|(key, value)| entry(key, value, now))
        .collect())
}

/// The entry of one key.
pub(super) fn get<K: Key, V: Meaning>(table: Table, pins: &Pins, text: &str) -> Result<Vec<Entry>> {
    let map: HashMap<MapData, K, V> = pins.typed(table.name())?;
    let key = parse::<K>(table, text)?;
    match map.get(&key, 0) {
        Ok(value) => Ok(vec![entry(&key, &value, clock::now())]),
        Err(MapError::KeyNotFound) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Reads a key of `table`.
pub(super) fn parse<K: Key>(table: Table, text: &str) -> Result<K> {
    let wrong = || Failure::usage(format!("{text} is no key of {}", table.name()));
    let key = K::parse(text)
        .ok_or_else(|| wrong().hint(format!("its key is: {}; see `map dump`", table.key())))?;
    Ok(key)
}

fn entry<K: Key, V: Meaning>(key: &K, value: &V, now: clock::Boottime) -> Entry {
    Entry {
        key: key.text(),
        fields: value.fields(now),
    }
}
