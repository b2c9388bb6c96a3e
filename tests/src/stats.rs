//! The packet counters, as `isatap-ctl stats` tells them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::daemon::Daemon;

/// One counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// `in` or `out`.
    pub direction: String,
    /// `xdp`, `tc` or `user`.
    pub layer: String,
    /// Why.
    pub reason: String,
    /// How many packets.
    pub packets: u64,
}

/// All counters at one moment.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    counts: Vec<Count>,
}

impl Stats {
    /// As they are now.
    pub fn read(daemon: &Daemon) -> Result<Self> {
        let document = daemon.json(&["stats"])?;
        let layers = document.get("layers").and_then(Value::as_array);
        let layers = layers.with_context(|| format!("no layers in {document}"))?;
        let counts = layers
            .iter()
            .map(|entry| count(entry).with_context(|| format!("not a counter: {entry}")));
        Ok(Self {
            counts: counts.collect::<Result<_>>()?,
        })
    }

    /// What was added since an earlier moment.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let counts = self.counts.iter().map(|count| {
            let before = earlier.packets(|other| {
                other.direction == count.direction
                    && other.layer == count.layer
                    && other.reason == count.reason
            });
            Count {
                packets: count.packets.saturating_sub(before),
                ..count.clone()
            }
        });
        Self {
            counts: counts.filter(|count| count.packets > 0).collect(),
        }
    }

    /// The packets of all counters that are asked for.
    pub fn packets(&self, wanted: impl Fn(&Count) -> bool) -> u64 {
        self.counts
            .iter()
            .filter(|count| wanted(count))
            .map(|count| count.packets)
            .sum()
    }

    /// The packets of one reason, in any layer and direction.
    pub fn of_reason(&self, reason: &str) -> u64 {
        self.packets(|count| count.reason == reason)
    }

    /// The packets of each counter, by direction, layer and reason.
    pub fn by_name(&self) -> BTreeMap<String, u64> {
        let name = |count: &Count| format!("{} {} {}", count.direction, count.layer, count.reason);
        let counts = self.counts.iter();
        counts.map(|count| (name(count), count.packets)).collect()
    }

    /// One line for each counter.
    pub fn lines(&self) -> Vec<String> {
        let line = |count: &Count| {
            let Count {
                direction,
                layer,
                reason,
                packets,
            } = count;
            format!("{direction:<4} {layer:<5} {reason:<14} {packets:>10}")
        };
        self.counts.iter().map(line).collect()
    }
}

fn count(entry: &Value) -> Option<Count> {
    let word = |name| entry.get(name).and_then(Value::as_str).map(String::from);
    Some(Count {
        direction: word("direction")?,
        layer: word("layer")?,
        reason: word("reason")?,
        packets: entry.get("packets")?.as_u64()?,
    })
}
