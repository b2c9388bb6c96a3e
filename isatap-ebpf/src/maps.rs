//! Every map. Sizes and layouts are those of `isatap_common::abi`.

use aya_ebpf::{
    bindings::{BPF_F_MMAPABLE, BPF_F_NO_PREALLOC},
    btf_maps::{
        Array, DevMapHash, HashMap, LpmTrie, LruHashMap, PerCpuArray, ProgramArray, RingBuf,
    },
    macros::btf_map,
};
use isatap_common::{
    abi::{
        self, Cache, Client, Config, Counter, Locator, LocatorKey, Peer, Prefix, PrefixKey,
        PrlEntry, Probes, Route, StandingEntry,
    },
    addr::Ipv4,
};

/// Potential Router List.
#[btf_map]
pub static PRL: HashMap<Ipv4, PrlEntry, { abi::PRL_LEN as usize }> = HashMap::new();
/// Nodes of the link.
#[btf_map]
pub static PEERS: LruHashMap<Ipv4, Peer, { abi::PEERS_LEN as usize }> = LruHashMap::new();
/// Hosts that use what this router told them, for the daemon alone.
#[btf_map]
pub static CLIENTS: HashMap<
    Ipv4,
    Client,
    { abi::CLIENTS_LEN as usize },
    { BPF_F_NO_PREALLOC as usize },
> = HashMap::new();
/// Routes that hosts were told lead through this router, and until when, for the daemon alone.
#[btf_map]
pub static TOLD: LpmTrie<PrefixKey, Prefix, { abi::TOLD_LEN as usize }> = LpmTrie::new();
/// How many hosts are probed.
#[btf_map]
pub static PROBES: Array<Probes, 1> = Array::new();
/// How many hosts that were not heard from may solicit.
#[btf_map]
pub static SOLICITS: Array<Probes, { abi::SOLICITS_LEN as usize }> = Array::new();
/// The forwarding cache. The loader makes one for each CPU; it is mapped into user space.
#[btf_map]
pub static NEXT_HOPS: Array<Cache, 1, { BPF_F_MMAPABLE as usize }> = Array::new();
/// Our IPv4 addresses with their interfaces.
#[btf_map]
pub static LOCATORS: HashMap<LocatorKey, Locator, { abi::LOCATORS_LEN as usize }> = HashMap::new();
/// On-link prefixes.
#[btf_map]
pub static PREFIXES: LpmTrie<PrefixKey, Prefix, { abi::PREFIXES_LEN as usize }> = LpmTrie::new();
/// Off-link destinations.
#[btf_map]
pub static ROUTES: LpmTrie<PrefixKey, Route, { abi::ROUTES_LEN as usize }> = LpmTrie::new();
/// What an IPv4 address may be.
#[btf_map]
pub static KNOWN_IPV4: LpmTrie<Ipv4, StandingEntry, { abi::KNOWN_IPV4_LEN as usize }> =
    LpmTrie::new();
/// NICs that may be redirected to, by interface index.
#[btf_map]
pub static LINKS: DevMapHash<{ abi::LINKS_LEN as usize }> = DevMapHash::new();
/// The programs for frames that no cache knows, by direction.
#[btf_map]
pub static UNCACHED: ProgramArray<{ abi::UNCACHED_LEN as usize }> = ProgramArray::new();
/// Packets and bytes.
#[btf_map]
pub static COUNTERS: PerCpuArray<Counter, { abi::COUNTERS_LEN as usize }> = PerCpuArray::new();
/// Reserved for captures.
#[btf_map]
pub static EVENTS: RingBuf<(), { abi::EVENTS_LEN as usize }> = RingBuf::new();
/// Switches and the generation.
#[btf_map]
pub static CONFIG: Array<Config, 1> = Array::new();
