//! The account of a node, in `PEERS`.
#![expect(unsafe_code, reason = "map values are reached through raw pointers")]

use core::{arch::asm, mem::MaybeUninit};

use aya_ebpf::helpers::generated::bpf_ktime_get_boot_ns;
use isatap_common::{
    abi::{
        Config, Hearing, Peer, Probes, Reachability, Role, SOLICITS_INTERVAL,
        SOLICITS_INTERVAL_NEAR, SOLICITS_OF_ALL, Switches, Traffic, solicits_near,
    },
    addr::{Address, Ipv4},
    path::limit::Limit,
};

use crate::{
    maps::{PEERS, PROBES, SOLICITS},
    zero::zero,
};

/// Whether a packet may be sent to the peer at `ipv4`, and if not, whether it may be probed.
#[inline(always)]
pub fn hearing(ipv4: Ipv4, config: &Config) -> Hearing {
    let now = now();
    let hearing = match PEERS.get_ptr(ipv4) {
        // SAFETY: the value stays allocated while the program runs, and any bits are a peer.
        Some(peer) => unsafe { (*peer).hearing(now, config.role()) },
        None if config.is_router() => Hearing::Unheard,
        None => Hearing::Heard,
    };
    let has_token = || {
        let probes = PROBES.get(0)?;
        probes.has_token(now, config.probe_interval).then_some(())
    };
    if hearing == Hearing::Unheard && has_token().is_none() {
        return Hearing::Refused;
    }
    hearing
}

/// Notes that a packet for the peer at `ipv4`, which was not heard from, goes to the daemon; the first
/// such packet takes one of the probes that a second has.
#[inline(always)]
pub fn probe(ipv4: Ipv4, config: &Config) {
    let now = now();
    if let Some(peer) = PEERS.get_ptr_mut(ipv4) {
        // SAFETY: as above; what another CPU writes at the same time is the same.
        unsafe {
            if (*peer).hearing(now, config.role()) == Hearing::Probed {
                (*peer).held += 1;
                return;
            }
            (*peer).last_sent = now;
            (*peer).held = 1;
            (*peer).reachability = Peer::probed_by(config.role()) as u32;
        }
    } else {
        let mut room = MaybeUninit::uninit();
        let peer = unknown(&mut room);
        peer.last_sent = now;
        peer.held = 1;
        peer.reachability = Peer::probed_by(config.role()) as u32;
        let _ = PEERS.insert(ipv4, &*peer, 0);
    }
    if let Some(probes) = PROBES.get_ptr_mut(0) {
        take(probes, now, config.probe_interval);
    }
}

/// Takes a token. Two CPUs may take the same; both are subtracted.
#[inline(always)]
fn take(bucket: *mut Probes, now: u64, interval: u32) {
    // SAFETY: the value stays allocated while the program runs; both stores are of an aligned word.
    unsafe {
        if (*bucket).full_at < now {
            (*bucket).full_at = now;
        }
        increase(&raw mut (*bucket).full_at, interval.into());
    }
}

/// Whether a Router Solicitation of `ipv4` may go on to the daemon. A host that was heard from may ask
/// whenever it likes; of the others so many a second, and one of each neighbourhood in any case, so that
/// no flood from elsewhere keeps it out.
#[inline(always)]
pub fn may_solicit(ipv4: Ipv4) -> bool {
    let now = now();
    if let Some(peer) = PEERS.get_ptr(ipv4) {
        // SAFETY: as above, and any bits are a peer.
        if unsafe { (*peer).hearing(now, Role::Router) } == Hearing::Heard {
            return true;
        }
    }
    let has = |index, interval| {
        let bucket = SOLICITS.get_ptr_mut(index)?;
        // SAFETY: as above, and any bits are a bucket.
        unsafe { (*bucket).has_token(now, interval) }.then(|| take(bucket, now, interval))
    };
    has(solicits_near(ipv4), SOLICITS_INTERVAL_NEAR).is_some()
        || has(SOLICITS_OF_ALL, SOLICITS_INTERVAL).is_some()
}

/// A peer of which nothing is known.
#[inline(always)]
fn unknown(room: &mut MaybeUninit<Peer>) -> &mut Peer {
    // SAFETY: zeros are a peer, and they reach its last octet.
    unsafe {
        zero(room.as_mut_ptr());
        room.assume_init_mut()
    }
}

/// Nanoseconds of `CLOCK_BOOTTIME`.
#[inline(always)]
pub fn now() -> u64 {
    // SAFETY: the helper has no arguments.
    unsafe { bpf_ktime_get_boot_ns() }
}

/// Adds the traffic of a line that ends to the peer at `remote`, if it is about one.
#[inline(always)]
pub fn add(remote: Ipv4, heard: Traffic, sent: Traffic) {
    if heard.0 | sent.0 == 0 || u32::from_ne_bytes(remote) == 0 {
        return;
    }
    let now = now();
    let Some(peer) = PEERS.get_ptr_mut(remote) else {
        let mut room = MaybeUninit::uninit();
        let peer = unknown(&mut room);
        if heard.0 != 0 {
            peer.last_heard = now;
            (peer.packets_in, peer.bytes_in) = (heard.packets(), heard.bytes());
        }
        if sent.0 != 0 {
            peer.last_sent = now;
            (peer.packets_out, peer.bytes_out) = (sent.packets(), sent.bytes());
        }
        // A full table forgets its oldest, so only a race with another CPU can fail here.
        let _ = PEERS.insert(remote, &*peer, 0);
        return;
    };
    // SAFETY: the value stays allocated while the program runs; other CPUs add to it as well.
    unsafe {
        if heard.0 != 0 {
            (*peer).last_heard = now;
            increase(&raw mut (*peer).packets_in, heard.packets());
            increase(&raw mut (*peer).bytes_in, heard.bytes());
        }
        if sent.0 != 0 {
            (*peer).last_sent = now;
            increase(&raw mut (*peer).packets_out, sent.packets());
            increase(&raw mut (*peer).bytes_out, sent.bytes());
        }
    }
}

/// The account of a peer, found once for all that is done with it.
pub struct Account(*mut Peer);

impl Account {
    /// Finds it.
    #[inline(always)]
    pub fn of(remote: Ipv4) -> Option<Self> {
        PEERS.get_ptr_mut(remote).map(Self)
    }

    /// Whether it was found lately, and in this generation, that a packet from a native address may be
    /// sent to `destination`.
    #[inline(always)]
    pub fn is_cleared(&self, destination: Address, now: u64) -> bool {
        // SAFETY: the value stays allocated while the program runs. Another CPU may be writing: the
        // time is read first and written last, so it is not that of a later address.
        unsafe {
            let until = (&raw const (*self.0).cleared_until).read_volatile();
            now < until
                && (&raw const (*self.0).cleared_low).read_volatile() == destination.low.to_be()
                && (&raw const (*self.0).cleared_high).read_volatile() == destination.high.to_be()
        }
    }

    /// Remembers that.
    #[inline(always)]
    pub fn clear(&self, destination: Address, until: u64) {
        // SAFETY: as above.
        unsafe {
            (&raw mut (*self.0).cleared_until).write_volatile(0);
            (&raw mut (*self.0).cleared_low).write_volatile(destination.low.to_be());
            (&raw mut (*self.0).cleared_high).write_volatile(destination.high.to_be());
            (&raw mut (*self.0).cleared_until).write_volatile(until);
        }
    }

    /// Whether it was heard from, where that is asked for.
    #[inline(always)]
    pub fn is_heard(&self, config: &Config, now: u64) -> bool {
        // SAFETY: as above.
        !config.switches().has(Switches::NEIGHBOR_CHECK)
            || unsafe { (*self.0).hearing(now, config.role()) } == Hearing::Heard
    }

    /// How large a packet to the peer may be, where the way out takes `way` octets. Remembers that it is
    /// sent to.
    #[inline(always)]
    pub fn limit(&self, config: &Config, way: u16, now: u64) -> Limit {
        let peer = self.0;
        // SAFETY: as above; each is one aligned word.
        let path = unsafe {
            if !(*peer).is_probed(config.role()) {
                (*peer).last_sent = now;
            }
            (*peer).path_mtu_at(now)
        };
        Limit::new(config, way.into(), path)
    }

    /// Adds a packet to it.
    #[inline(always)]
    pub fn sent(&self, bytes: u32) {
        // SAFETY: as above; other CPUs add as well.
        unsafe {
            increase(&raw mut (*self.0).packets_out, 1);
            increase(&raw mut (*self.0).bytes_out, bytes.into());
        }
    }
}

/// How large a packet to the peer at `remote` may be, where the way out takes `way` octets. Remembers
/// that it is sent to.
#[inline(always)]
pub fn limit(config: &Config, way: u16, remote: Ipv4) -> Limit {
    let now = now();
    let Some(account) = Account::of(remote) else {
        let mut room = MaybeUninit::uninit();
        let peer = unknown(&mut room);
        peer.last_sent = now;
        // As above.
        let _ = PEERS.insert(remote, &*peer, 0);
        return Limit::new(config, way.into(), None);
    };
    account.limit(config, way, now)
}

/// Remembers that the peer at `remote` was heard from, which of our locators it sends to, and what came.
#[inline(always)]
pub fn meet(remote: Ipv4, local: Ipv4, heard: Traffic) {
    let Some(peer) = PEERS.get_ptr_mut(remote) else {
        let mut room = MaybeUninit::uninit();
        let peer = unknown(&mut room);
        peer.last_heard = now();
        (peer.packets_in, peer.bytes_in) = (heard.packets(), heard.bytes());
        peer.local = local;
        // As above.
        let _ = PEERS.insert(remote, &*peer, 0);
        return;
    };
    // SAFETY: as above; the stores are aligned words.
    unsafe {
        (*peer).last_heard = now();
        // What was known by answers is not known less.
        if (*peer).reachability >= Reachability::Probe as u32 {
            (*peer).reachability = Reachability::Unknown as u32;
        }
        if (*peer).local != local {
            (*peer).local = local;
        }
        increase(&raw mut (*peer).packets_in, heard.packets());
        increase(&raw mut (*peer).bytes_in, heard.bytes());
    }
}

/// The target has atomic addition but no compare-and-swap, so `core` offers neither.
#[inline(always)]
unsafe fn increase(to: *mut u64, value: u64) {
    // SAFETY: the caller's pointer is valid and aligned.
    unsafe { asm!("lock *(u64 *)({to} + 0) += {value}", to = in(reg) to, value = in(reg) value) }
}
