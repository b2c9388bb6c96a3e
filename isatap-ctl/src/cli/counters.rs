//! What was counted, over all CPUs.

use anyhow::Result;
use aya::maps::{MapData, PerCpuArray};
use isatap_common::abi::{Counter, Direction, Layer};
use isatap_common::path::{Reason, Verdict};
use serde::Serialize;

use super::pins::Pins;
use crate::control::{Count, LayerTotals};
use crate::datapath::{self, Caches};

/// Packets of one direction, decided on by one layer for one reason.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Counted {
    pub direction: &'static str,
    pub layer: &'static str,
    pub reason: &'static str,
    pub verdict: &'static str,
    pub packets: u64,
    pub bytes: u64,
    #[serde(skip)]
    pub text: &'static str,
}

/// Every counter that is not zero, in the order of the map.
pub(super) fn read(pins: &Pins) -> Result<Vec<Counted>> {
    let (map, caches) = open(pins)?;
    let mut list = Vec::new();
    for (direction, layer) in places() {
        for reason in Reason::ALL {
            let sum = datapath::counted(&map, &caches, (direction, layer, *reason))?;
            if sum != Counter::default() {
                list.push(counted(direction, layer, *reason, sum));
            }
        }
    }
    Ok(list)
}

/// One counter, zero or not.
pub(super) fn read_one(
    pins: &Pins,
    direction: Direction,
    layer: Layer,
    reason: Reason,
) -> Result<Counted> {
    let (map, caches) = open(pins)?;
    let sum = datapath::counted(&map, &caches, (direction, layer, reason))?;
    Ok(counted(direction, layer, reason, sum))
}

/// The counters of each direction and layer by verdict, zero or not.
pub(super) fn totals(list: &[Counted]) -> Vec<LayerTotals> {
    let totals = places().map(|(direction, layer)| {
        let sum = |verdict| {
            list.iter()
                .filter(|c| c.direction == direction.name() && c.layer == layer.name())
                .filter(|c| c.verdict == verdict_name(verdict))
                .fold(Count::default(), |sum, counted| Count {
                    packets: sum.packets.wrapping_add(counted.packets),
                    bytes: sum.bytes.wrapping_add(counted.bytes),
                })
        };
        LayerTotals {
            direction: direction.name().to_owned(),
            layer: layer.name().to_owned(),
            forwarded: sum(Verdict::Forward),
            passed: sum(Verdict::Pass),
            dropped: sum(Verdict::Drop),
        }
    });
    totals.collect()
}

fn places() -> impl Iterator<Item = (Direction, Layer)> {
    Direction::ALL
        .into_iter()
        .flat_map(|direction| Layer::ALL.map(|layer| (direction, layer)))
}

fn open(pins: &Pins) -> Result<(PerCpuArray<MapData, Counter>, Caches)> {
    Ok((pins.typed("COUNTERS")?, Caches::pinned(pins.directory())?))
}

const fn counted(direction: Direction, layer: Layer, reason: Reason, sum: Counter) -> Counted {
    Counted {
        direction: direction.name(),
        layer: layer.name(),
        reason: reason.name(),
        verdict: verdict_name(reason.verdict()),
        packets: sum.packets,
        bytes: sum.bytes,
        text: reason.text(),
    }
}

const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Forward => "forward",
        Verdict::Pass => "pass",
        Verdict::Drop => "drop",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_have_every_place_and_every_packet_once() {
        let some = |packets| Counter {
            packets,
            bytes: 100 * packets,
        };
        let totals = totals(&[
            counted(Direction::In, Layer::Xdp, Reason::Cached, some(3)),
            counted(Direction::In, Layer::Xdp, Reason::Resolved, some(1)),
            counted(Direction::In, Layer::Xdp, Reason::NotOurs, some(5)),
            counted(Direction::Out, Layer::Tc, Reason::NoLocator, some(7)),
        ]);
        assert_eq!(totals.len(), 6);
        assert_eq!(
            totals[0].forwarded,
            Count {
                packets: 4,
                bytes: 400
            }
        );
        assert_eq!(totals[0].passed.packets, 5);
        assert_eq!(totals[4].dropped.packets, 7);
        let all: u64 = totals
            .iter()
            .map(|t| t.forwarded.packets + t.passed.packets + t.dropped.packets)
            .sum();
        assert_eq!(all, 16);
    }
}
