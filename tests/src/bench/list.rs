//! The Potential Router List of our router made long.

use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::bed::Bed;
use super::outcome::LongList;
use super::sink::Kind;
use crate::bpf::map::Map;
use crate::{exec, pins};

/// The last is near what the map holds.
const LENGTHS: [u32; 3] = [1, 1_000, 65_000];
const FIRST: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 1);

/// What a packet of a host costs beside so many routers. Ends the daemon, which would take away
/// what it did not write itself.
pub fn measure(bed: &mut Bed, packets: u32) -> Result<Vec<LongList>> {
    let daemon = bed.daemon_mut()?;
    daemon.stop()?;
    let path = pins::map(daemon.device(), "PRL")?;
    let (map, value) = (Map::pinned(&path)?, vec![0; value_length(&path)?]);
    let lane = bed.nics.inward()?;
    let mut lists = vec![LongList {
        routers: 0,
        cost: lane.run(Kind::Xdp, packets)?.cost,
    }];
    for length in LENGTHS {
        for router in (FIRST.to_bits()..).take(length as usize) {
            map.set(&Ipv4Addr::from_bits(router).octets(), &value)?;
        }
        lists.push(LongList {
            routers: length,
            cost: lane.run(Kind::Xdp, packets)?.cost,
        });
    }
    Ok(lists)
}

fn value_length(map: &Path) -> Result<usize> {
    let printed = exec::line(&format!("bpftool -j map show pinned {}", map.display()))?;
    let document: Value = serde_json::from_str(&printed)?;
    let length = document.get("bytes_value").and_then(Value::as_u64);
    Ok(usize::try_from(length.context(printed)?)?)
}
