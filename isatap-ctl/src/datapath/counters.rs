//! Packets by direction, layer and reason, over all CPUs.

use aya::maps::{MapData, MapError, PerCpuArray};
use isatap_common::{
    abi::{Counter, Direction, Layer, counter_index},
    path::Reason,
};

use super::Caches;

/// What was counted for one reason. Frames that XDP forwarded as the cache said are counted in the
/// cache.
pub fn counted(
    counters: &PerCpuArray<MapData, Counter>,
    caches: &Caches,
    (direction, layer, reason): (Direction, Layer, Reason),
) -> Result<Counter, MapError> {
    let values = counters.get(&counter_index(direction, layer, reason), 0)?;
    let sum = values
        .iter()
        .copied()
        .fold(Counter::default(), Counter::and);
    Ok(match (layer, reason) {
        (Layer::Xdp, Reason::Cached) => sum.and(caches.forwarded(direction)),
        _ => sum,
    })
}
