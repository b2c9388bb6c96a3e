//! Routes that hosts were told lead through this router, beyond the life of the process that told them.

use std::{collections::BTreeMap, path::Path};

use aya::maps::{
    MapData,
    lpm_trie::{Key, LpmTrie},
};
use isatap_common::{
    abi::{self, PrefixKey},
    nd::Prefix,
};

use super::{
    DatapathError,
    bring::bring,
    clients::nanoseconds,
    maps::{self, TOLD},
    tables::entries,
};
use crate::clock::Boottime;

/// The map `TOLD`.
pub struct Told(LpmTrie<MapData, PrefixKey, abi::Prefix>);

impl Told {
    pub(super) const fn new(map: LpmTrie<MapData, PrefixKey, abi::Prefix>) -> Self {
        Self(map)
    }

    /// That pinned in `directory`; nothing where there is none, or none that this build can read.
    pub fn pinned(directory: &Path) -> Result<Option<Self>, DatapathError> {
        Ok(maps::pinned(&TOLD, directory)?.map(Self))
    }

    /// Each route, and until when a host may use it; far away where it is still told.
    pub fn all(&self) -> BTreeMap<Prefix, Boottime> {
        let told = entries(self.0.iter()).unwrap_or_default().into_iter();
        told.filter_map(|((length, address), told)| {
            let prefix = Prefix::new(address.into(), u8::try_from(length).ok()?)?;
            Some((prefix, Boottime::from_nanos(told.deadline)))
        })
        .collect()
    }

    /// Replaces all of them.
    pub fn replace(&mut self, routes: &BTreeMap<Prefix, Boottime>) -> Result<(), DatapathError> {
        let present = entries(self.0.iter())?;
        let desired = routes.iter().map(|(prefix, until)| {
            let deadline = nanoseconds(*until);
            let key = (u32::from(prefix.length()), prefix.address().octets());
            (key, abi::Prefix { deadline })
        });
        bring(&present, &desired.collect(), |(length, address), told| {
            let key = Key::new(*length, *address);
            match told {
                Some(told) => self.0.insert(&key, told, 0),
                None => self.0.remove(&key),
            }
        })
        .map(drop)
    }
}
