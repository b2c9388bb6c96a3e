//! Hosts that were admitted.
#![expect(unsafe_code, reason = "map values are reached through raw pointers")]

use isatap_common::abi::{Config, Nic, Origin, Source, Traffic, identifier};

use super::{Cache, apart, peer};
use crate::zero::zero;

/// The place of one host in the table.
pub struct Admission(*mut Source);

impl Admission {
    /// At a line of this CPU's cache.
    #[inline(always)]
    pub(super) const fn at(line: *mut Source) -> Self {
        Self(line)
    }

    /// The same, which the compiler takes for another ([`super::Cache::apart`]).
    #[inline(always)]
    pub fn apart(self) -> Self {
        Self(apart(self.0))
    }

    /// Whether packets of this origin have been admitted.
    #[inline(always)]
    pub fn holds(&self, origin: &Origin, now: u64) -> bool {
        // SAFETY: the line belongs to this CPU and stays where it is.
        let line = unsafe { &*self.0 };
        line.is_of(origin) && now < line.until
    }

    /// Whether packets of the inner `source` have been admitted between these outer addresses that come in through
    /// `ifindex`, in frames for its NIC, which begin with `first` ([`Nic::is_meant_by`]). What is asked for where it
    /// is compared would have to be kept until then.
    #[inline(always)]
    pub fn admits(
        &self,
        source: (u64, u64),
        ends: impl FnOnce() -> u64,
        ifindex: impl FnOnce() -> u32,
        first: impl FnOnce() -> u64,
        now: u64,
    ) -> bool {
        // SAFETY: as above.
        let line = unsafe { &*self.0 };
        (line.prefix, line.id) == source
            && line.ends.number() == ends()
            && line.ifindex == ifindex()
            && line.nic.is_meant_by(first())
            && now < line.until
    }

    /// Whether any origin has the place now.
    #[inline(always)]
    pub fn is_taken(&self, now: u64) -> bool {
        // SAFETY: as above.
        now < unsafe { (*self.0).until }
    }

    /// Counts packets from the host.
    #[inline(always)]
    pub fn heard(&self, packets: u32, bytes: u32) {
        // SAFETY: as above.
        unsafe { (*self.0).heard.add(Traffic::new(packets, bytes)) }
    }

    /// Remembers that packets of this origin are admitted, and that one came. Says whether it was known.
    #[inline(always)]
    pub fn fill(&self, origin: &Origin, cache: Cache, config: &Config, now: u64) -> bool {
        if self.holds(origin, now) {
            return true;
        }
        // SAFETY: as above; nothing else borrows it.
        let line = unsafe { &mut *self.0 };
        peer::add(line.ends.source, line.heard, Traffic::default());
        peer::meet(
            origin.ends.source,
            origin.ends.destination,
            Traffic::default(),
        );
        // SAFETY: as above.
        unsafe { zero(self.0) };
        line.prefix = origin.prefix;
        line.id = identifier(origin.ends.source);
        line.ends = origin.ends;
        line.ifindex = origin.ifindex;
        // What a router vouches for has another source each time, which no program for NICs looks for.
        line.nic = match origin.prefix {
            Origin::ANY_NATIVE => Nic::NONE,
            _ => cache.nic(origin.ifindex),
        };
        line.until = now + u64::from(config.fresh_jiffies);
        false
    }
}
