//! The forwarding cache: what a full look-up found, believed for a second.
#![expect(unsafe_code, reason = "map values are reached through raw pointers")]

use core::arch::asm;

use aya_ebpf::helpers::generated::{bpf_jiffies64, bpf_ktime_get_boot_ns};
use isatap_common::{
    abi::{Config, NextHop, Peer, Traffic},
    addr::{Address, Ipv4},
    path::Site,
    wire::{ethernet, ipv4},
};

use crate::{
    fib::WayOut,
    maps::{NEXT_HOPS, PEERS},
    zero::zero,
};

/// After so many refills the kernel forwards one packet itself, so that its neighbour entry is
/// confirmed although the programs bypass it.
const REFILLS_PER_REVALIDATION: u8 = 16;
/// Ticks, as far as ages need them.
#[derive(Clone, Copy)]
pub struct Now(u64);

/// The present, for every line that a packet asks for.
#[inline(always)]
pub fn now() -> Now {
    // SAFETY: the helper has no arguments.
    Now(unsafe { bpf_jiffies64() } & u64::from(u32::MAX))
}

/// The place of one inner address in the cache.
pub struct Line {
    entry: *mut NextHop,
    key: Address,
    now: Now,
}

impl Line {
    /// Finds the place of `address`.
    #[inline(always)]
    pub fn of(address: Address, now: Now) -> Option<Self> {
        let entry = NEXT_HOPS.get_ptr_mut(NextHop::index(address))?;
        let key = address;
        Some(Self { entry, key, now })
    }

    /// The entry, if it says how packets to this address leave.
    #[inline(always)]
    pub fn forward(&self, config: &Config) -> Option<&NextHop> {
        let entry = self.entry();
        let is_known = entry.forward == config.generation;
        (is_known && self.is_believed(entry, config)).then_some(entry)
    }

    /// Whether this is the line of a source whose packets to this locator, on this interface, have
    /// been admitted.
    #[inline(always)]
    pub fn admits(&self, outer: &ipv4::Header, ifindex: u32, site: &impl Site) -> bool {
        let (entry, config) = (self.entry(), site.config());
        if entry.source != config.generation || !self.is_believed(entry, config) {
            return false;
        }
        let Some(locator) = site.locator_in(entry.locator.into()) else {
            return false;
        };
        locator.ifindex == ifindex
            && is_same(locator.ipv4, outer.destination)
            && is_same(entry.remote, outer.source)
    }

    /// Counts packets to the address.
    #[inline(always)]
    pub fn sent(&self, packets: u32, bytes: u32) {
        // SAFETY: the slot belongs to this CPU and stays where it is.
        unsafe { (*self.entry).sent.add(Traffic::new(packets, bytes)) }
    }

    /// Counts packets from the address.
    #[inline(always)]
    pub fn heard(&self, packets: u32, bytes: u32) {
        // SAFETY: as above.
        unsafe { (*self.entry).heard.add(Traffic::new(packets, bytes)) }
    }

    /// Whether this packet should go through the kernel, for the neighbour's sake.
    #[inline(always)]
    pub fn is_due(&self) -> bool {
        // SAFETY: as above.
        let entry = unsafe { &mut *self.entry };
        let due = entry.address() == self.key
            && entry.forward != 0
            && entry.refills >= REFILLS_PER_REVALIDATION;
        if due {
            entry.refills = 0;
        }
        due
    }

    /// Remembers the way to the address: into the tunnel to `remote`, or native where that is zero.
    #[inline(always)]
    pub fn fill_forward(&self, config: &Config, way: &WayOut, remote: Ipv4, locator: u16) {
        let entry = self.renew(config);
        entry.egress = way.egress;
        entry.mtu = if remote == [0; 4] {
            way.mtu
        } else {
            let largest = config.mtu.saturating_add(ipv4::LENGTH as u32);
            largest.min(way.mtu.into()) as u16
        };
        entry.macs = ethernet::pair(way.destination_mac, way.source_mac);
        entry.remote = remote;
        entry.locator = locator as u8;
        entry.refills = entry.refills.saturating_add(1);
        entry.forward = config.generation;
    }

    /// Remembers that packets from the address to the locator in `slot` are admitted.
    #[inline(always)]
    pub fn fill_source(&self, config: &Config, remote: Ipv4, slot: u16) {
        let (entry, slot) = (self.renew(config), slot as u8);
        if entry.forward != 0 && (entry.remote != remote || entry.locator != slot) {
            return;
        }
        entry.remote = remote;
        entry.locator = slot;
        entry.source = config.generation;
    }

    /// The entry, emptied unless it is current; its age is that of the older of its two halves.
    #[inline(always)]
    fn renew(&self, config: &Config) -> &mut NextHop {
        // SAFETY: the slot belongs to this CPU and stays where it is; nothing else borrows it.
        let entry = unsafe { &mut *self.entry };
        let is_current = entry.forward | entry.source == config.generation;
        if !is_current || !self.is_believed(entry, config) {
            write_back(entry);
            let refills = if entry.address() == self.key {
                entry.refills
            } else {
                0
            };
            // SAFETY: as above.
            unsafe { zero(core::ptr::from_mut(entry)) };
            entry.high = self.key.high;
            entry.low = self.key.low;
            entry.filled = self.now.0 as u32;
            entry.refills = refills;
        }
        entry
    }

    #[inline(always)]
    fn entry(&self) -> &NextHop {
        // SAFETY: the slot belongs to this CPU and stays where it is.
        unsafe { &*self.entry }
    }

    /// Whether the entry, if it is of this generation, is this address's and young enough. Where the
    /// ticks have wrapped since, it is not.
    #[inline(always)]
    fn is_believed(&self, entry: &NextHop, config: &Config) -> bool {
        entry.address() == self.key
            && self.now.0.wrapping_sub(entry.filled.into()) < u64::from(config.fresh_jiffies)
    }
}

/// Compared as numbers: octets in a map would be loaded one by one.
#[inline(always)]
const fn is_same(one: Ipv4, other: Ipv4) -> bool {
    u32::from_ne_bytes(one) == u32::from_ne_bytes(other)
}

/// Adds the traffic of an entry that ends to its peer.
#[inline(always)]
fn write_back(entry: &NextHop) {
    if entry.remote == [0; 4] || (entry.heard.0 | entry.sent.0 == 0) {
        return;
    }
    // SAFETY: the helper has no arguments.
    let now = unsafe { bpf_ktime_get_boot_ns() };
    let heard = if entry.heard.0 == 0 { 0 } else { now };
    let sent = if entry.sent.0 == 0 { 0 } else { now };
    let Some(peer) = PEERS.get_ptr_mut(entry.remote) else {
        let peer = Peer {
            last_heard: heard,
            last_sent: sent,
            packets_in: entry.heard.packets(),
            bytes_in: entry.heard.bytes(),
            packets_out: entry.sent.packets(),
            bytes_out: entry.sent.bytes(),
            ..Peer::default()
        };
        // A full table forgets its oldest, so only a race with another CPU can fail here.
        let _ = PEERS.insert(entry.remote, peer, 0);
        return;
    };
    // SAFETY: the value stays allocated while the program runs; other CPUs add to it as well.
    unsafe {
        if heard != 0 {
            (*peer).last_heard = heard;
        }
        if sent != 0 {
            (*peer).last_sent = sent;
        }
        add(&raw mut (*peer).packets_in, entry.heard.packets());
        add(&raw mut (*peer).bytes_in, entry.heard.bytes());
        add(&raw mut (*peer).packets_out, entry.sent.packets());
        add(&raw mut (*peer).bytes_out, entry.sent.bytes());
    }
}

/// The target has atomic addition but no compare-and-swap, so `core` offers neither.
#[inline(always)]
unsafe fn add(to: *mut u64, value: u64) {
    // SAFETY: the caller's pointer is valid and aligned.
    unsafe { asm!("lock *(u64 *)({to} + 0) += {value}", to = in(reg) to, value = in(reg) value) }
}
