//! The maps as typed handles, and what each must look like.

use std::{io, path::Path};

use aya::{
    Ebpf,
    maps::{
        Array, DevMapHash, HashMap, LpmTrie, Map, MapData, MapError, MapInfo, MapType, PerCpuArray,
    },
};
use isatap_common::abi::{
    self, Cache, Client, Config, Counter, Locator, LocatorKey, Peer, Prefix, PrefixKey, PrlEntry,
    Probes, Route, StandingEntry,
};

use super::{
    DatapathError,
    cache::{self, Caches},
    clients::Clients,
    peers::Peers,
    told::Told,
};

/// What a map is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// Its name, in the object and as a pin.
    pub name: &'static str,
    /// Its kind.
    pub kind: MapType,
    /// Octets of a key.
    pub key: u32,
    /// Octets of a value.
    pub value: u32,
    /// Most entries.
    pub entries: u32,
    /// Whether there are as many for each CPU, by its number.
    pub each_cpu: bool,
}

/// Octets of a `LINKS` value: an interface index and a program descriptor.
const DEVICE: u32 = 8;
/// Octets of the prefix length in front of a longest-prefix key.
const PREFIX_LENGTH: u32 = 4;

/// Every map, with accounts of `hosts`.
pub fn specs(hosts: u32) -> [Spec; 16] {
    SPECS.map(|spec| Spec {
        entries: if spec.name == PEERS {
            hosts
        } else {
            spec.entries
        },
        ..spec
    })
}

/// Every map as it is by default.
const SPECS: [Spec; 16] = [
    spec::<[u8; 4], PrlEntry>("PRL", MapType::Hash, abi::PRL_LEN),
    spec::<[u8; 4], Peer>(PEERS, MapType::LruHash, abi::PEERS_LEN),
    CLIENTS,
    TOLD,
    Spec {
        each_cpu: true,
        ..spec::<u32, Cache>("NEXT_HOPS", MapType::Array, 1)
    },
    spec::<LocatorKey, Locator>("LOCATORS", MapType::Hash, abi::LOCATORS_LEN),
    trie::<PrefixKey, Prefix>("PREFIXES", abi::PREFIXES_LEN),
    trie::<PrefixKey, Route>("ROUTES", abi::ROUTES_LEN),
    trie::<[u8; 4], StandingEntry>("KNOWN_IPV4", abi::KNOWN_IPV4_LEN),
    Spec {
        name: "LINKS",
        kind: MapType::DevMapHash,
        key: 4,
        value: DEVICE,
        entries: abi::LINKS_LEN,
        each_cpu: false,
    },
    spec::<u32, u32>("UNCACHED", MapType::ProgramArray, abi::UNCACHED_LEN),
    spec::<u32, Probes>("PROBES", MapType::Array, 1),
    spec::<u32, Probes>("SOLICITS", MapType::Array, abi::SOLICITS_LEN),
    spec::<u32, Counter>("COUNTERS", MapType::PerCpuArray, abi::COUNTERS_LEN),
    Spec {
        name: "EVENTS",
        kind: MapType::RingBuf,
        key: 0,
        value: 0,
        entries: abi::EVENTS_LEN,
        each_cpu: false,
    },
    spec::<u32, Config>("CONFIG", MapType::Array, 1),
];

/// Name of the map of nodes of the link.
const PEERS: &str = "PEERS";

/// The map of hosts that rely on this router.
pub(super) const CLIENTS: Spec =
    spec::<[u8; 4], Client>("CLIENTS", MapType::Hash, abi::CLIENTS_LEN);

/// The map of routes that hosts were told.
pub(super) const TOLD: Spec = trie::<PrefixKey, Prefix>("TOLD", abi::TOLD_LEN);

const fn spec<K, V>(name: &'static str, kind: MapType, entries: u32) -> Spec {
    Spec {
        name,
        kind,
        key: size_of::<K>() as u32,
        value: size_of::<V>() as u32,
        entries,
        each_cpu: false,
    }
}

const fn trie<K, V>(name: &'static str, entries: u32) -> Spec {
    let mut spec = spec::<K, V>(name, MapType::LpmTrie, entries);
    spec.key += PREFIX_LENGTH;
    spec
}

impl Spec {
    /// Most entries on this machine.
    pub fn max_entries(&self) -> io::Result<u32> {
        if !self.each_cpu {
            return Ok(self.entries);
        }
        let cpus = u32::try_from(cache::cpus()?).map_err(io::Error::other)?;
        Ok(self.entries.saturating_mul(cpus))
    }

    /// Compares a pin with the specification: a map of another layout must not be reopened.
    /// A pin that is not there is as good as one that fits.
    pub fn check(&self, directory: &Path) -> Result<(), DatapathError> {
        let path = directory.join(self.name);
        if !path.exists() {
            return Ok(());
        }
        let info = MapInfo::from_pin(&path)?;
        let found = Self {
            name: self.name,
            kind: info.map_type()?,
            key: info.key_size(),
            value: info.value_size(),
            entries: info.max_entries(),
            each_cpu: self.each_cpu,
        };
        let wanted = Self {
            entries: self.max_entries()?,
            ..*self
        };
        if found == wanted {
            return Ok(());
        }
        let as_many = Self {
            entries: wanted.entries,
            ..found
        };
        if self.name == PEERS && as_many == wanted {
            let (wanted, found) = (wanted.entries, found.entries);
            return Err(DatapathError::Hosts {
                path,
                wanted,
                found,
            });
        }
        Err(DatapathError::Layout { path })
    }
}

/// The maps that the daemon writes or reads.
pub struct Maps {
    /// Switches and the generation.
    pub config: Array<MapData, Config>,
    /// Potential Router List.
    pub prl: HashMap<MapData, [u8; 4], PrlEntry>,
    /// Our IPv4 addresses with their interfaces.
    pub locators: HashMap<MapData, LocatorKey, Locator>,
    /// On-link prefixes.
    pub prefixes: LpmTrie<MapData, PrefixKey, Prefix>,
    /// Off-link destinations.
    pub routes: LpmTrie<MapData, PrefixKey, Route>,
    /// What an IPv4 address may be.
    pub known_ipv4: LpmTrie<MapData, [u8; 4], StandingEntry>,
    /// NICs that may be redirected to.
    pub links: DevMapHash<MapData>,
    /// Packets and bytes.
    pub counters: PerCpuArray<MapData, Counter>,
    /// Nodes of the link.
    pub peers: Peers,
    /// Hosts that rely on this router.
    pub clients: Clients,
    /// Routes that hosts were told.
    pub told: Told,
    /// The forwarding cache.
    pub caches: Caches,
}

impl Maps {
    /// Writes the settings, and has the programs forget what they found by the generation before.
    pub fn set_config(&mut self, config: Config) -> Result<(), DatapathError> {
        self.config.set(0, config, 0)?;
        self.caches.configure(&config);
        Ok(())
    }

    /// Takes the maps of a loaded object, after its programs were loaded.
    pub fn take(ebpf: &mut Ebpf) -> Result<Self, DatapathError> {
        let mut take =
            |name: &'static str| ebpf.take_map(name).ok_or(DatapathError::Missing { name });
        Ok(Self {
            config: typed(take("CONFIG")?)?,
            prl: typed(take("PRL")?)?,
            locators: typed(take("LOCATORS")?)?,
            prefixes: typed(take("PREFIXES")?)?,
            routes: typed(take("ROUTES")?)?,
            known_ipv4: typed(take("KNOWN_IPV4")?)?,
            links: typed(take("LINKS")?)?,
            counters: typed(take("COUNTERS")?)?,
            peers: Peers::new(take(PEERS)?)?,
            clients: Clients::new(typed(take("CLIENTS")?)?),
            told: Told::new(typed(take("TOLD")?)?),
            caches: caches(take("NEXT_HOPS")?)?,
        })
    }
}

fn caches(map: Map) -> Result<Caches, DatapathError> {
    let Map::Array(data) = map else {
        return Err(DatapathError::Missing { name: "NEXT_HOPS" });
    };
    Caches::map(&data)
}

/// The map pinned in `directory`; nothing where there is none, or none that this build can read.
pub(super) fn pinned<T: TryFrom<Map, Error = MapError>>(
    spec: &Spec,
    directory: &Path,
) -> Result<Option<T>, DatapathError> {
    let pin = directory.join(spec.name);
    if !pin.exists() {
        return Ok(None);
    }
    spec.check(directory)?;
    let map = Map::from_map_data(MapData::from_pin(pin)?)?;
    typed(map).map(Some)
}

pub(super) fn typed<T: TryFrom<Map, Error = MapError>>(map: Map) -> Result<T, DatapathError> {
    Ok(T::try_from(map)?)
}
