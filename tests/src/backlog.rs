//! What the machine lost before any program saw it: packets between virtual NICs wait in one queue for each
//! processor, which all namespaces share, and a queue that is full drops what comes.

use std::fs;

use anyhow::{Context as _, Result};

const COUNTERS: &str = "/proc/net/softnet_stat";

/// Packets for which those queues had no place, since the machine started.
pub fn dropped() -> Result<u64> {
    let counted = fs::read_to_string(COUNTERS).context(COUNTERS)?;
    let of_processor = |line: &str| {
        let column = line.split_whitespace().nth(1)?;
        u64::from_str_radix(column, 16).ok()
    };
    Ok(counted.lines().filter_map(of_processor).sum())
}
