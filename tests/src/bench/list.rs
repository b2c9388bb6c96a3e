//! The Potential Router List made long.

use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::bed::Bed;
use super::host::{self, Hosted};
use super::outcome::{HostList, LongList};
use super::sink::Kind;
use crate::bpf::map::Map;
use crate::daemon::Daemon;
use crate::{exec, pins};

/// The last is all that the map holds.
const LENGTHS: [u32; 3] = [1, 1_000, 65_536];
const FIRST: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 1);

/// What a packet of a host costs our router beside so many others. Ends the daemon, which would take
/// away what it did not write itself.
pub fn at_router(bed: &mut Bed, packets: u32) -> Result<Vec<LongList>> {
    let daemon = bed.daemon_mut()?;
    daemon.stop()?;
    let list = List::of(daemon)?;
    let lane = bed.nics.inward()?;
    let mut lists = Vec::new();
    for routers in [0].into_iter().chain(LENGTHS) {
        list.fill(routers)?;
        let cost = lane.run(Kind::Xdp, packets)?.whole()?.cost;
        lists.push(LongList { routers, cost });
    }
    Ok(lists)
}

/// What packets of a host and of a router cost our host, whose list has the router and so many more.
pub fn at_host(hosted: &mut Hosted, packets: u32) -> Result<Vec<HostList>> {
    hosted.daemon.stop()?;
    let list = List::of(&hosted.daemon)?;
    let mut lists = Vec::new();
    for routers in LENGTHS {
        list.fill(routers - 1)?;
        lists.push(HostList {
            routers,
            from_host: host::cost(&hosted.from_host, packets)?,
            from_router: host::cost(&hosted.from_router, packets)?,
        });
    }
    Ok(lists)
}

/// The map of a daemon that has ended.
struct List {
    map: Map,
    value: Vec<u8>,
}

impl List {
    fn of(daemon: &Daemon) -> Result<Self> {
        let path = pins::map(daemon.device(), "PRL")?;
        let mut value = vec![0; value_length(&path)?];
        // Eight octets first say when the entry ends: never.
        value.iter_mut().take(8).for_each(|octet| *octet = 0xff);
        let map = Map::pinned(&path)?;
        Ok(Self { map, value })
    }

    fn fill(&self, routers: u32) -> Result<()> {
        (FIRST.to_bits()..)
            .take(routers as usize)
            .try_for_each(|router| {
                let key = Ipv4Addr::from_bits(router).octets();
                self.map.set(&key, &self.value)
            })
    }
}

fn value_length(map: &Path) -> Result<usize> {
    let printed = exec::line(&format!("bpftool -j map show pinned {}", map.display()))?;
    let document: Value = serde_json::from_str(&printed)?;
    let length = document.get("bytes_value").and_then(Value::as_u64);
    Ok(usize::try_from(length.context(printed)?)?)
}
