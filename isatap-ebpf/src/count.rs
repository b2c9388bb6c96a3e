//! One counter for each direction, layer and reason, on each CPU.
#![expect(unsafe_code, reason = "map values are reached through raw pointers")]

use aya_ebpf::helpers::generated::bpf_get_prandom_u32;
use isatap_common::{
    abi::{Counter, Direction, Layer, counter_index},
    path::Reason,
};

use crate::maps::COUNTERS;

/// The counter of this CPU for one direction, layer and reason.
pub struct Tally(*mut Counter);

impl Tally {
    /// Finds the counter.
    #[inline(always)]
    pub fn of(direction: Direction, layer: Layer, reason: Reason) -> Option<Self> {
        COUNTERS
            .get_ptr_mut(counter_index(direction, layer, reason))
            .map(Self)
    }

    /// Counts `packets` of `bytes` in all.
    #[inline(always)]
    pub fn add(&self, packets: u32, bytes: u32) {
        // SAFETY: the slot is this CPU's own, and the program is not preempted by itself.
        unsafe {
            (*self.0).packets += u64::from(packets);
            (*self.0).bytes += u64::from(bytes);
        }
    }
}

/// Counts `packets` of `bytes` in all.
#[inline(always)]
pub fn count(direction: Direction, layer: Layer, reason: Reason, packets: u32, bytes: u32) {
    if let Some(tally) = Tally::of(direction, layer, reason) {
        tally.add(packets, bytes);
    }
}

/// The identification of a packet that is not in the cache.
#[inline(always)]
pub fn identification() -> u16 {
    // SAFETY: the helper has no arguments.
    unsafe { bpf_get_prandom_u32() as u16 }
}
