//! Ways out.
#![expect(unsafe_code, reason = "map values are reached through raw pointers")]

use aya_ebpf::helpers::generated::bpf_get_prandom_u32;
use isatap_common::{
    abi::{Config, NextHop, Switches, Traffic},
    addr::Address,
    path::limit::Limit,
    wire::ipv4,
};

use super::{apart, peer};
use crate::fib::WayOut;

/// After so many refills the kernel forwards one packet itself, so that its neighbour entry is
/// confirmed although the programs bypass it.
const REFILLS_PER_REVALIDATION: u8 = 16;

/// The place of one inner address in the table.
pub struct Way(*mut NextHop);

impl Way {
    /// At a line of this CPU's cache.
    #[inline(always)]
    pub(super) const fn at(line: *mut NextHop) -> Self {
        Self(line)
    }

    /// The same, which the compiler takes for another ([`super::Cache::apart`]).
    #[inline(always)]
    pub fn apart(self) -> Self {
        Self(apart(self.0))
    }

    /// The line, if it says how packets to the address leave.
    #[inline(always)]
    pub fn known<'a>(&self, address: Address, now: u64) -> Option<&'a mut NextHop> {
        // SAFETY: the line belongs to this CPU and stays where it is; nothing else borrows it.
        let line = unsafe { &mut *self.0 };
        (line.is_of(address) && now < line.until).then_some(line)
    }

    /// Whether another address has the place now.
    #[inline(always)]
    pub fn is_taken(&self, address: Address, now: u64) -> bool {
        // SAFETY: as above.
        let line = unsafe { &*self.0 };
        now < line.until && !line.is_of(address)
    }

    /// Counts packets to the address.
    #[inline(always)]
    pub fn sent(&self, packets: u32, bytes: u32) {
        // SAFETY: as above.
        unsafe { (*self.0).sent.add(Traffic::new(packets, bytes)) }
    }

    /// Whether this packet should go through the kernel, for the neighbour's sake.
    #[inline(always)]
    pub fn is_due(&self, address: Address) -> bool {
        // SAFETY: as above.
        let line = unsafe { &mut *self.0 };
        let due = line.is_of(address) && line.refills >= REFILLS_PER_REVALIDATION;
        if due {
            line.refills = 0;
        }
        due
    }

    /// Remembers the way to the address: native, or from one address into the tunnel to another, which
    /// takes as much as `limit` says.
    #[inline(always)]
    pub fn fill<'a>(
        &self,
        address: Address,
        config: &Config,
        way: &WayOut,
        tunnel: Option<(ipv4::Ends, Limit)>,
        now: u64,
    ) -> &'a mut NextHop {
        let line = self.renew(address);
        line.until = now + u64::from(config.fresh_jiffies);
        line.egress = way.egress;
        line.macs = way.macs.words();
        line.mtu = way.mtu;
        line.ends = ipv4::Ends::default();
        if let Some((ends, limit)) = tunnel {
            line.ends = ends;
            line.mtu = limit.total as u16;
            line.sum = line.constant_sum();
            if line.identification == 0 {
                // SAFETY: the helper has no arguments.
                line.identification = unsafe { bpf_get_prandom_u32() } as u16;
            }
            // The cached path does not look for 6rd in the source, and all that it sends says the same
            // about fragments.
            let switches = config.switches();
            let is_dynamic = switches.has(Switches::DYNAMIC_MTU);
            if switches.has(Switches::SIX_RD) || limit.dont_fragment != is_dynamic {
                line.until = now;
            }
        }
        line.refills = line.refills.saturating_add(1);
        line
    }

    /// No packet may go where the line says.
    #[inline(always)]
    pub fn forget(&self) {
        // SAFETY: as above.
        unsafe { ((*self.0).until, (*self.0).refills) = (0, 0) }
    }

    /// The line. Unless it is about this address already, whatever [`Way::fill`] does not set is zero: what
    /// tells packets apart, and when the kernel saw one.
    #[inline(always)]
    fn renew<'a>(&self, address: Address) -> &'a mut NextHop {
        // SAFETY: as above.
        let line = unsafe { &mut *self.0 };
        peer::add(line.ends.destination, Traffic::default(), line.sent);
        line.sent = Traffic::default();
        if !line.is_of(address) {
            line.high = address.high.to_be();
            line.low = address.low.to_be();
            // SAFETY: the last word of the line, with the MTU in it, which is set in any case.
            unsafe { (&raw mut line.sum).cast::<u64>().write(0) }
        }
        line
    }
}

/// The same line, which the compiler takes for another ([`super::Cache::apart`]): from here on it has to outlive a call,
/// for which there are few registers.
#[inline(always)]
pub fn kept(line: &mut NextHop) -> &mut NextHop {
    // SAFETY: the same pointer, which nothing else borrows.
    unsafe { &mut *apart(line) }
}

/// The interface that the way of a line leads to, read here and not where it is used.
#[inline(always)]
pub fn egress(line: &NextHop) -> u32 {
    // SAFETY: a field of a line.
    unsafe { (&raw const line.egress).read_volatile() }
}

const _: () = assert!(core::mem::offset_of!(NextHop, sum) == size_of::<NextHop>() - 8);
