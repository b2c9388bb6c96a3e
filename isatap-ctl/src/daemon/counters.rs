//! The daemon's own share of `COUNTERS`: no program counts in its layer, so it may write there.

use aya::maps::{MapData, PerCpuArray, PerCpuValues};
use isatap_common::{
    abi::{Counter, Direction, Layer, counter_index},
    path::Reason,
};

/// Counts one packet of the slow path.
pub fn count(
    counters: &mut PerCpuArray<MapData, Counter>,
    direction: Direction,
    reason: Reason,
    bytes: usize,
) {
    let one = Counter {
        packets: 1,
        bytes: bytes as u64,
    };
    add(counters, direction, reason, one);
}

/// Counts packets of the slow path. A counter that cannot be written is no reason to stop.
pub fn add(
    counters: &mut PerCpuArray<MapData, Counter>,
    direction: Direction,
    reason: Reason,
    more: Counter,
) {
    let index = counter_index(direction, Layer::User, reason);
    let Ok(values) = counters.get(&index, 0) else {
        return;
    };
    let mut values: Vec<Counter> = values.iter().copied().collect();
    if let Some(first) = values.first_mut() {
        first.packets += more.packets;
        first.bytes += more.bytes;
    }
    if let Ok(values) = PerCpuValues::try_from(values) {
        let _ = counters.set(index, values, 0);
    }
}
