//! The maps: names, sizes, keys and values, as bytes that kernel and user space agree on.
//!
//! Addresses are big-endian byte arrays, counters and indexes are native integers. A change of
//! any layout here is a new [`LAYOUT`]: pinned maps live in a directory named after it.

mod block;
mod cache;
mod client;
mod config;
mod counters;
mod locator;
mod next_hop;
mod nic;
mod peer;
mod prl;
mod solicits;
mod source;
mod table;
mod uncached;

pub use block::{BLOCKS_LEN, Block, Decision, SourceBlock, WayBlock};
use cache::FACTOR;
pub use cache::{Cache, Clock, Sampler, Traffic};
pub use client::Client;
pub use config::{Config, LocatorRef, MAX_LOCATORS, Role, Switches};
pub use counters::{COUNTERS_LEN, Counter, Direction, Layer, counter_index};
pub use locator::{Locator, LocatorKey};
pub use next_hop::{NEXT_HOPS_LEN, NextHop};
pub use nic::{NICS_LEN, Nic};
pub use peer::{Hearing, Peer, Probes, Reachability};
pub use prl::{PrlEntry, PrlSource};
pub use solicits::{
    SOLICITS_INTERVAL, SOLICITS_INTERVAL_NEAR, SOLICITS_LEN, SOLICITS_OF_ALL, solicits_near,
};
pub use source::{Origin, SOURCES_LEN, Source, identifier};
pub use table::{Prefix, PrefixKey, Route, Standing, StandingEntry};
pub use uncached::Uncached;

/// Version of every layout in this module; pins live under `v<LAYOUT>`.
pub const LAYOUT: u32 = 8;

/// Entries of `PRL`.
pub const PRL_LEN: u32 = 1 << 16;
/// Entries of `UNCACHED`.
pub const UNCACHED_LEN: u32 = Uncached::ALL.len() as u32;
/// Entries of `PEERS`, which forgets the least recently used; or as many as the configuration says.
pub const PEERS_LEN: u32 = 1 << 17;
/// Entries of `CLIENTS`.
pub const CLIENTS_LEN: u32 = 1 << 14;
/// Entries of `TOLD`: what is advertised, and what is withdrawn.
pub const TOLD_LEN: u32 = 1 << 14;
/// Entries of `LOCATORS`: each address on each of as many uplinks.
pub const LOCATORS_LEN: u32 = (MAX_LOCATORS * MAX_LOCATORS) as u32;
/// Entries of `PREFIXES`.
pub const PREFIXES_LEN: u32 = 1 << 10;
/// Entries of `ROUTES`.
pub const ROUTES_LEN: u32 = 1 << 14;
/// Entries of `KNOWN_IPV4`.
pub const KNOWN_IPV4_LEN: u32 = 1 << 14;
/// Entries of `LINKS`.
pub const LINKS_LEN: u32 = 1 << 8;
/// Bytes of the `EVENTS` ring.
pub const EVENTS_LEN: u32 = 1 << 18;

/// Implements `aya::Pod` for map keys and values that are already `bytemuck::Pod`.
macro_rules! map_types {
    ($($name:ty),+ $(,)?) => {$(
        const _: () = assert!(core::mem::align_of::<$name>() <= 8);
        #[cfg(feature = "user")]
        #[expect(unsafe_code, reason = "aya's own marker; bytemuck has proven the same claim")]
        // SAFETY: `bytemuck::Pod` holds: any bit pattern is valid and there is no padding.
        unsafe impl aya::Pod for $name {}
    )+};
}
use map_types;
