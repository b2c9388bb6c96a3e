//! The account of a node, in `PEERS`.
#![expect(unsafe_code, reason = "map values are reached through raw pointers")]

use core::arch::asm;

use aya_ebpf::helpers::generated::bpf_ktime_get_boot_ns;
use isatap_common::{
    abi::{Peer, Traffic},
    addr::Ipv4,
};

use crate::maps::PEERS;

/// Adds the traffic of a line that ends to the peer at `remote`, if it is about one.
#[inline(always)]
pub fn add(remote: Ipv4, heard: Traffic, sent: Traffic) {
    if remote == [0; 4] || (heard.0 | sent.0 == 0) {
        return;
    }
    // SAFETY: the helper has no arguments.
    let now = unsafe { bpf_ktime_get_boot_ns() };
    let last_heard = if heard.0 == 0 { 0 } else { now };
    let last_sent = if sent.0 == 0 { 0 } else { now };
    let Some(peer) = PEERS.get_ptr_mut(remote) else {
        let peer = Peer {
            last_heard,
            last_sent,
            packets_in: heard.packets(),
            bytes_in: heard.bytes(),
            packets_out: sent.packets(),
            bytes_out: sent.bytes(),
            ..Peer::default()
        };
        // A full table forgets its oldest, so only a race with another CPU can fail here.
        let _ = PEERS.insert(remote, peer, 0);
        return;
    };
    // SAFETY: the value stays allocated while the program runs; other CPUs add to it as well.
    unsafe {
        if last_heard != 0 {
            (*peer).last_heard = last_heard;
        }
        if last_sent != 0 {
            (*peer).last_sent = last_sent;
        }
        increase(&raw mut (*peer).packets_in, heard.packets());
        increase(&raw mut (*peer).bytes_in, heard.bytes());
        increase(&raw mut (*peer).packets_out, sent.packets());
        increase(&raw mut (*peer).bytes_out, sent.bytes());
    }
}

/// Remembers which of our locators the peer at `remote` sends to.
#[inline(always)]
pub fn meet(remote: Ipv4, local: Ipv4) {
    let Some(peer) = PEERS.get_ptr_mut(remote) else {
        let peer = Peer {
            local,
            ..Peer::default()
        };
        // As above.
        let _ = PEERS.insert(remote, peer, 0);
        return;
    };
    // SAFETY: as above; the store is one aligned word.
    unsafe {
        if (*peer).local != local {
            (*peer).local = local;
        }
    }
}

/// The target has atomic addition but no compare-and-swap, so `core` offers neither.
#[inline(always)]
unsafe fn increase(to: *mut u64, value: u64) {
    // SAFETY: the caller's pointer is valid and aligned.
    unsafe { asm!("lock *(u64 *)({to} + 0) += {value}", to = in(reg) to, value = in(reg) value) }
}
