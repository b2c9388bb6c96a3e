use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::Result;
use aya::maps::MapData;
use aya::maps::lpm_trie::{Key as TrieKey, LpmTrie};
use ipnet::IpNet;

use super::entry::Entry;
use super::table::Table;
use super::value::Meaning;
use crate::cli::Failure;
use crate::cli::pins::Pins;
use crate::clock;

/// The address part of a key.
pub(super) trait Bits: aya::Pod {
    fn address(self) -> IpAddr;
}

impl Bits for [u8; 4] {
    fn address(self) -> IpAddr {
        Ipv4Addr::from(self).into()
    }
}

impl Bits for [u8; 16] {
    fn address(self) -> IpAddr {
        Ipv6Addr::from(self).into()
    }
}

/// Every entry of a longest-prefix table, in the order of the prefixes.
pub(super) fn all<K: Bits, V: Meaning>(table: Table, pins: &Pins) -> Result<Vec<Entry>> {
    let now = clock::now();
    let pairs = read::<K, V>(table, pins)?.into_iter();
    Ok(pairs
        .map(|(prefix, value)| entry(prefix, &value, now))
        .collect())
}

/// The entry of a prefix, or the longest one that covers an address.
pub(super) fn get<K: Bits, V: Meaning>(
    table: Table,
    pins: &Pins,
    text: &str,
) -> Result<Vec<Entry>> {
    let wanted = Wanted::parse(table, text)?;
    let pairs = read::<K, V>(table, pins)?;
    let found = pairs.iter().filter(|(prefix, _)| wanted.is(*prefix));
    let longest = found.max_by_key(|(prefix, _)| prefix.prefix_len());
    let now = clock::now();
    Ok(longest
        .map(|(prefix, value)| entry(*prefix, value, now))
        .into_iter()
        .collect())
}

/// What may be typed as a key.
enum Wanted {
    Prefix(IpNet),
    Address(IpAddr),
}

impl Wanted {
    fn parse(table: Table, text: &str) -> Result<Self> {
        let address = text.parse().map(Self::Address);
        let wanted = address.or_else(|_| text.parse().map(|net: IpNet| Self::Prefix(net.trunc())));
        let wrong = |_| {
            Failure::usage(format!("{text} is no key of {}", table.name()))
                .hint(format!("its key is: {}, or an address in it", table.key()))
        };
        Ok(wanted.map_err(wrong)?)
    }

    fn is(&self, prefix: IpNet) -> bool {
        match self {
            Self::Prefix(wanted) => *wanted == prefix,
            Self::Address(address) => prefix.contains(address),
        }
    }
}

fn read<K: Bits, V: Meaning>(table: Table, pins: &Pins) -> Result<Vec<(IpNet, V)>> {
    let map: LpmTrie<MapData, K, V> = pins.typed(table.name())?;
    let walk = map.iter().take(usize::try_from(table.max(pins)?)?);
    let mut pairs = Vec::new();
    for pair in walk {
        let (key, value): (TrieKey<K>, V) = pair?;
        let length = u8::try_from(key.prefix_len())?;
        pairs.push((IpNet::new(key.data().address(), length)?, value));
    }
    pairs.sort_by_key(|(prefix, _)| *prefix);
    pairs.dedup_by_key(|(prefix, _)| *prefix);
    Ok(pairs)
}

fn entry<V: Meaning>(prefix: IpNet, value: &V, now: clock::Boottime) -> Entry {
    Entry {
        key: prefix.to_string(),
        fields: value.fields(now),
    }
}
