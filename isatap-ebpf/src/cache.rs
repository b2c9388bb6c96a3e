//! The forwarding cache: what a full look-up found, believed for a second.
#![expect(unsafe_code, reason = "map values are reached through raw pointers")]

use core::arch::asm;

use aya_ebpf::helpers::generated::{bpf_jiffies64, bpf_ktime_get_boot_ns};
use isatap_common::{
    abi::{Config, NextHop, Peer},
    addr::{Address, Ipv4},
    path::Site,
    wire::ipv4,
};

use crate::{
    fib::WayOut,
    maps::{NEXT_HOPS, PEERS},
    zero::zero,
};

/// After so many refills the kernel forwards one packet itself, so that its neighbour entry is
/// confirmed although the programs bypass it.
const REFILLS_PER_REVALIDATION: u16 = 16;
/// Where the refills are counted in [`NextHop::flags`].
const REFILL: u16 = 1 << 8;

/// The place of one inner address in the cache.
pub struct Line {
    entry: *mut NextHop,
    key: Address,
    now: u32,
}

impl Line {
    /// Finds the place of `address`.
    #[inline(always)]
    pub fn of(address: Address) -> Option<Self> {
        let key = address.without_u_bit();
        let entry = NEXT_HOPS.get_ptr_mut(NextHop::index(key))?;
        // SAFETY: the helper has no arguments.
        let now = unsafe { bpf_jiffies64() } as u32;
        Some(Self { entry, key, now })
    }

    /// The entry, if it is this address's, young enough, of this generation, and has `flag`.
    #[inline(always)]
    pub fn get(&self, flag: u16, config: &Config) -> Option<&NextHop> {
        // SAFETY: the slot belongs to this CPU and stays where it is.
        let entry = unsafe { &*self.entry };
        (entry.flags & flag != 0 && self.is_current(entry, config)).then_some(entry)
    }

    /// Whether this is the line of a source whose packets to this locator, on this interface, have
    /// been admitted.
    #[inline(always)]
    pub fn admits(&self, outer: &ipv4::Header, ifindex: u32, site: &impl Site) -> bool {
        let Some(peer) = self.get(NextHop::SOURCE, site.config()) else {
            return false;
        };
        let Some(locator) = site.locator_in(peer.locator) else {
            return false;
        };
        locator.ifindex == ifindex
            && locator.ipv4 == outer.destination
            && peer.remote == outer.source
    }

    /// Counts a packet to the address.
    #[inline(always)]
    pub fn sent(&self, packets: u32, bytes: u32) {
        // SAFETY: as above.
        unsafe {
            (*self.entry).packets_out += packets;
            (*self.entry).bytes_out = (*self.entry).bytes_out.saturating_add(bytes);
        }
    }

    /// Counts a packet from the address.
    #[inline(always)]
    pub fn heard(&self, packets: u32, bytes: u32) {
        // SAFETY: as above.
        unsafe {
            (*self.entry).packets_in += packets;
            (*self.entry).bytes_in = (*self.entry).bytes_in.saturating_add(bytes);
        }
    }

    /// Whether this packet should go through the kernel, for the neighbour's sake.
    #[inline(always)]
    pub fn is_due(&self) -> bool {
        // SAFETY: as above.
        let entry = unsafe { &mut *self.entry };
        let due = entry.address() == self.key
            && entry.flags & NextHop::FORWARD != 0
            && entry.flags / REFILL >= REFILLS_PER_REVALIDATION;
        if due {
            entry.flags &= REFILL - 1;
        }
        due
    }

    /// Remembers the way to the address: into the tunnel to `remote`, or native where that is zero.
    #[inline(always)]
    pub fn fill_forward(&self, config: &Config, way: &WayOut, remote: Ipv4, locator: u16) {
        let entry = self.renew(config);
        entry.egress = way.egress;
        entry.mtu = way.mtu;
        entry.source_mac = way.source_mac;
        entry.destination_mac = way.destination_mac;
        entry.remote = remote;
        entry.locator = locator;
        entry.flags = entry.flags.saturating_add(REFILL) | NextHop::FORWARD;
    }

    /// Remembers that packets from the address to the locator in `slot` are admitted.
    #[inline(always)]
    pub fn fill_source(&self, config: &Config, remote: Ipv4, slot: u16) {
        let entry = self.renew(config);
        if entry.flags & NextHop::FORWARD != 0 && (entry.remote != remote || entry.locator != slot)
        {
            return;
        }
        entry.remote = remote;
        entry.locator = slot;
        entry.flags |= NextHop::SOURCE;
    }

    /// The entry, emptied unless it is current; its age is that of the older of its two halves.
    #[inline(always)]
    fn renew(&self, config: &Config) -> &mut NextHop {
        // SAFETY: the slot belongs to this CPU and stays where it is; nothing else borrows it.
        let entry = unsafe { &mut *self.entry };
        if !self.is_current(entry, config) {
            write_back(entry);
            let refills = if entry.address() == self.key {
                entry.flags & !(REFILL - 1)
            } else {
                0
            };
            // SAFETY: as above.
            unsafe { zero(core::ptr::from_mut(entry)) };
            entry.high = self.key.high;
            entry.low = self.key.low;
            entry.filled = self.now;
            entry.generation = config.generation as u16;
            entry.flags = refills;
        }
        entry
    }

    #[inline(always)]
    fn is_current(&self, entry: &NextHop, config: &Config) -> bool {
        entry.address() == self.key
            && entry.generation == config.generation as u16
            && self.now.wrapping_sub(entry.filled) < config.fresh_jiffies
    }
}

/// Adds the traffic of an entry that ends to its peer.
#[inline(always)]
fn write_back(entry: &NextHop) {
    if entry.remote == [0; 4] || (entry.packets_in == 0 && entry.packets_out == 0) {
        return;
    }
    // SAFETY: the helper has no arguments.
    let now = unsafe { bpf_ktime_get_boot_ns() };
    let heard = if entry.packets_in == 0 { 0 } else { now };
    let sent = if entry.packets_out == 0 { 0 } else { now };
    let Some(peer) = PEERS.get_ptr_mut(entry.remote) else {
        let peer = Peer {
            last_heard: heard,
            last_sent: sent,
            packets_in: u64::from(entry.packets_in),
            bytes_in: u64::from(entry.bytes_in),
            packets_out: u64::from(entry.packets_out),
            bytes_out: u64::from(entry.bytes_out),
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
        add(&raw mut (*peer).packets_in, entry.packets_in);
        add(&raw mut (*peer).bytes_in, entry.bytes_in);
        add(&raw mut (*peer).packets_out, entry.packets_out);
        add(&raw mut (*peer).bytes_out, entry.bytes_out);
    }
}

/// The target has atomic addition but no compare-and-swap, so `core` offers neither.
#[inline(always)]
unsafe fn add(to: *mut u64, value: u32) {
    // SAFETY: the caller's pointer is valid and aligned.
    unsafe {
        asm!("lock *(u64 *)({to} + 0) += {value}", to = in(reg) to, value = in(reg) u64::from(value))
    }
}
