//! Desired contents of the maps, and bringing the maps to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use aya::maps::{MapError, lpm_trie::Key};
use ipnet::{Ipv4Net, Ipv6Net};
use isatap_common::abi::{
    Config, Locator, LocatorKey, Prefix, PrlEntry, Route, Standing, StandingEntry,
};

use super::{DatapathError, Maps, Nics, bring::bring};

/// What the programs shall know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Switches; the generation is set when the tables are written.
    pub config: Config,
    /// Potential Router List.
    pub prl: BTreeMap<Ipv4Addr, PrlEntry>,
    /// Our IPv4 addresses with their interfaces.
    pub locators: BTreeMap<LocatorKey, Locator>,
    /// On-link prefixes, with the deadline in nanoseconds of `CLOCK_BOOTTIME`.
    pub prefixes: BTreeMap<Ipv6Net, u64>,
    /// Next hops of off-link destinations.
    pub routes: BTreeMap<Ipv6Net, Ipv4Addr>,
    /// What an IPv4 address may be.
    pub known_ipv4: BTreeMap<Ipv4Net, Standing>,
    /// Interface indexes that may be redirected to.
    pub links: BTreeSet<u32>,
    /// Whose frames XDP forwards.
    pub nics: Nics,
}

impl Tables {
    /// Writes what differs, entries to remove last, and then raises the generation if anything
    /// changed. Returns whether anything did.
    pub fn write(&self, maps: &mut Maps) -> Result<bool, DatapathError> {
        let mut changed = self.write_lists(maps)?;
        changed |= self.write_prefixes(maps)?;
        changed |= self.write_known(maps)?;
        changed |= maps.caches.set_nics(&self.nics);
        let stale = self.add_links(maps)?;
        changed |= stale.is_some();
        let old = maps.config.get(&0, 0)?;
        let same = Config {
            generation: old.generation,
            ..self.config
        } == old;
        if changed || !same {
            let config = Config {
                generation: old.next_generation(),
                ..self.config
            };
            maps.set_config(config)?;
        }
        // After the caches have forgotten them.
        for index in stale.iter().flatten() {
            maps.links.remove(*index)?;
        }
        Ok(changed || !same)
    }

    fn write_lists(&self, maps: &mut Maps) -> Result<bool, DatapathError> {
        let desired = self
            .prl
            .iter()
            .map(|(ipv4, entry)| (ipv4.octets(), *entry))
            .collect();
        let present = maps.prl.iter().collect::<Result<BTreeMap<_, _>, _>>()?;
        let mut changed = bring(&present, &desired, |key, value| match value {
            Some(value) => maps.prl.insert(key, value, 0),
            None => maps.prl.remove(key),
        })?;
        let present = maps
            .locators
            .iter()
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        changed |= bring(&present, &self.locators, |key, value| match value {
            Some(value) => maps.locators.insert(key, value, 0),
            None => maps.locators.remove(key),
        })?;
        Ok(changed)
    }

    fn write_prefixes(&self, maps: &mut Maps) -> Result<bool, DatapathError> {
        let desired = self
            .prefixes
            .iter()
            .map(|(net, deadline)| {
                (
                    ipv6_key(*net),
                    Prefix {
                        deadline: *deadline,
                    },
                )
            })
            .collect();
        let present = entries(maps.prefixes.iter())?;
        let mut changed = bring(&present, &desired, |(length, data), value| {
            let key = Key::new(*length, *data);
            match value {
                Some(value) => maps.prefixes.insert(&key, value, 0),
                None => maps.prefixes.remove(&key),
            }
        })?;
        let desired = self
            .routes
            .iter()
            .map(|(net, via)| (ipv6_key(*net), Route { via: via.octets() }))
            .collect();
        let present = entries(maps.routes.iter())?;
        changed |= bring(&present, &desired, |(length, data), value| {
            let key = Key::new(*length, *data);
            match value {
                Some(value) => maps.routes.insert(&key, value, 0),
                None => maps.routes.remove(&key),
            }
        })?;
        Ok(changed)
    }

    fn write_known(&self, maps: &mut Maps) -> Result<bool, DatapathError> {
        let desired = self
            .known_ipv4
            .iter()
            .map(|(net, standing)| {
                let key = (u32::from(net.prefix_len()), net.network().octets());
                (key, StandingEntry::from(*standing))
            })
            .collect();
        let present = entries(maps.known_ipv4.iter())?;
        bring(&present, &desired, |(length, data), value| {
            let key = Key::new(*length, *data);
            match value {
                Some(value) => maps.known_ipv4.insert(&key, value, 0),
                None => maps.known_ipv4.remove(&key),
            }
        })
    }

    /// Those to remove, or `None` if all are as they should be.
    fn add_links(&self, maps: &mut Maps) -> Result<Option<Vec<u32>>, DatapathError> {
        let present: BTreeSet<u32> = maps.links.keys().collect::<Result<_, _>>()?;
        for index in self.links.difference(&present) {
            maps.links.insert(*index, *index, None, 0)?;
        }
        let stale = present.difference(&self.links).copied().collect();
        Ok((present != self.links).then_some(stale))
    }
}

/// Entries of a longest-prefix map, by prefix length and address.
pub(super) fn entries<K: aya::Pod + Ord, V: aya::Pod>(
    iterator: impl Iterator<Item = Result<(Key<K>, V), MapError>>,
) -> Result<BTreeMap<(u32, K), V>, MapError> {
    iterator
        .map(|entry| entry.map(|(key, value)| ((key.prefix_len(), key.data()), value)))
        .collect()
}

fn ipv6_key(net: Ipv6Net) -> (u32, [u8; 16]) {
    (u32::from(net.prefix_len()), net.network().octets())
}
