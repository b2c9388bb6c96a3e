//! The maps as [`Site`].
#![expect(unsafe_code, reason = "entries of hash maps are copied out at once")]

use aya_ebpf::{btf_maps::lpm_trie::Key, helpers::generated::bpf_ktime_get_boot_ns};
use isatap_common::{
    abi::{Config, Hearing, LocatorKey, Standing},
    addr::{Address, Ipv4},
    path::Site,
};

use crate::{
    cache::peer,
    maps::{CONFIG, KNOWN_IPV4, LOCATORS, PEERS, PREFIXES, PRL, ROUTES},
};

/// The site as user space last wrote it.
#[derive(Clone, Copy)]
pub struct Maps<'a> {
    config: &'a Config,
}

impl Maps<'static> {
    /// The maps, or `None` before user space has configured them.
    #[inline(always)]
    pub fn new() -> Option<Self> {
        let config = CONFIG.get(0)?;
        if config.generation == 0 {
            None
        } else {
            Some(Self { config })
        }
    }
}

impl Maps<'_> {
    /// The generation now, for what is decided from now on.
    #[inline(always)]
    pub fn generation(&self) -> u16 {
        // SAFETY: a field of the record; user space may change it at any time.
        unsafe { (&raw const self.config.generation).read_volatile() }
    }

    /// The MTU of the uplink `ifindex`, of which `ipv4` is a locator; the largest there is if none.
    #[inline(always)]
    pub fn mtu(&self, ifindex: u32, ipv4: Ipv4) -> u16 {
        // SAFETY: the value is copied before anything else can run on it.
        unsafe { LOCATORS.get(LocatorKey { ifindex, ipv4 }) }
            .map_or(u16::MAX, |locator| locator.mtu)
    }
}

impl Site for Maps<'_> {
    #[inline(always)]
    fn config(&self) -> &Config {
        self.config
    }

    #[inline(always)]
    fn locator(&self, ifindex: u32, ipv4: Ipv4) -> Option<u16> {
        // SAFETY: the value is copied before anything else can run on it.
        unsafe { LOCATORS.get(LocatorKey { ifindex, ipv4 }) }.map(|locator| locator.slot)
    }

    #[inline(always)]
    fn heard_at(&self, remote: Ipv4) -> Option<Ipv4> {
        // SAFETY: as above.
        unsafe { PEERS.get(remote) }.map(|peer| peer.local)
    }

    #[inline(always)]
    fn lists_router(&self, ipv4: Ipv4) -> bool {
        // SAFETY: as above.
        unsafe { PRL.get(ipv4) }.is_some_and(|entry| is_ahead(entry.deadline))
    }

    #[inline(always)]
    fn is_on_link(&self, address: Address) -> bool {
        PREFIXES
            .get(&Key::new(128, address.octets()))
            .is_some_and(|prefix| is_ahead(prefix.deadline))
    }

    #[inline(always)]
    fn standing(&self, ipv4: Ipv4) -> Standing {
        KNOWN_IPV4
            .get(&Key::new(32, ipv4))
            .map_or(Standing::Unknown, |entry| entry.standing())
    }

    #[inline(always)]
    fn hearing(&self, ipv4: Ipv4) -> Hearing {
        peer::hearing(ipv4, self.config)
    }

    #[inline(always)]
    fn route(&self, destination: Address) -> Option<Ipv4> {
        ROUTES
            .get(&Key::new(128, destination.octets()))
            .map(|route| route.via)
    }
}

#[inline(always)]
fn is_ahead(deadline: u64) -> bool {
    // SAFETY: the helper has no arguments.
    deadline == u64::MAX || deadline > unsafe { bpf_ktime_get_boot_ns() }
}
