//! What a hundred thousand peers take.

use std::fs;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd as _, AsRawFd as _};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::outcome::Memory;
use super::run::Stand;
use crate::bpf::map::Map;
use crate::config::{self, Xdp};
use crate::daemon::Daemon;
use crate::pins;

const PEERS: u32 = 100_000;
/// Octets of an entry: times, packets, octets, path MTU, reachability.
const ENTRY: [u8; 64] = [1; 64];

/// Lets the map of peers hold so many, and has the daemon do what it does all the time.
pub fn measure(stand: &Stand<'_>) -> Result<Memory> {
    let device = stand.names.router_device();
    let config = config::router(device, Xdp::Auto);
    let router = &stand.site.router;
    let mut daemon = Daemon::start(stand.program, router, device, &config, stand.directory)?;
    let map = Map::pinned(&pins::map(device, "PEERS")?)?;
    let first = Ipv4Addr::new(10, 64, 0, 1).to_bits();
    for peer in first..first + PEERS {
        map.set(&peer.to_be_bytes(), &ENTRY)?;
    }
    daemon.reload()?;
    daemon.json(&["status"])?;
    let listed = daemon.json(&["map", "list"])?;
    let pid = daemon.pid().context("the daemon is not running")?;
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let memory = Memory {
        peers: entries(&listed, "PEERS")?,
        resident_kb: field(&status, "VmRSS:")?,
        peak_kb: field(&status, "VmHWM:")?,
        maps_kb: maps(device, &listed)?,
    };
    daemon.down()?;
    Ok(memory)
}

fn entries(listed: &Value, name: &str) -> Result<u64> {
    let maps = listed.get("maps").and_then(Value::as_array);
    let mut maps = maps.context("no maps")?.iter();
    let map = maps.find(|map| map["name"] == name);
    let entries = map.and_then(|map| map.get("entries")?.as_u64());
    entries.with_context(|| format!("no number of entries of {name}"))
}

/// What the kernel takes for each map, the largest first.
fn maps(device: &str, listed: &Value) -> Result<Vec<(String, u64)>> {
    let maps = listed.get("maps").and_then(Value::as_array);
    let names = maps.context("no maps")?.iter();
    let mut sizes = Vec::new();
    for name in names.filter_map(|map| map["name"].as_str()) {
        let map = Map::pinned(&pins::map(device, name)?)?;
        let descriptor = map.as_fd().as_raw_fd();
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}"))?;
        sizes.push((name.to_owned(), field(&info, "memlock:")?.div_ceil(1024)));
    }
    sizes.sort_by_key(|(_, kb)| std::cmp::Reverse(*kb));
    Ok(sizes)
}

/// The number behind a word at the beginning of a line.
fn field(text: &str, word: &str) -> Result<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(word));
    let number = lines.next().and_then(|rest| rest.split_whitespace().next());
    let number = number.with_context(|| format!("no {word} in {text}"))?;
    Ok(number.parse()?)
}
