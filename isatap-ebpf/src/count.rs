//! One counter for each direction, layer and reason, on each CPU.
#![expect(unsafe_code, reason = "map values are reached through raw pointers")]

use isatap_common::{
    abi::{Direction, Layer, counter_index},
    path::Reason,
};

use crate::maps::COUNTERS;

/// Counts `packets` of `bytes` in all.
#[inline(always)]
pub fn count(direction: Direction, layer: Layer, reason: Reason, packets: u32, bytes: u32) {
    let index = counter_index(direction, layer, reason);
    if let Some(counter) = COUNTERS.get_ptr_mut(index) {
        // SAFETY: the slot is this CPU's own, and the program is not preempted by itself.
        unsafe {
            (*counter).packets += u64::from(packets);
            (*counter).bytes += u64::from(bytes);
        }
    }
}

/// A number that differs from packet to packet, for the identification of an outer header: how
/// many this CPU has encapsulated, spread by the CPU.
#[inline(always)]
pub fn identification(layer: Layer) -> u16 {
    let index = counter_index(Direction::Out, layer, Reason::Cached);
    let packets = COUNTERS.get_ptr(index).map_or(0, |counter| {
        // SAFETY: as above.
        unsafe { (*counter).packets }
    });
    // SAFETY: the helper has no arguments.
    let cpu = unsafe { aya_ebpf::helpers::generated::bpf_get_smp_processor_id() };
    (packets as u16) ^ (cpu as u16).rotate_right(3) ^ ((layer as u16) << 12)
}
