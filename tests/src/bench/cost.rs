//! What the product's own six ways cost, for a budget.

use std::collections::BTreeMap;

use anyhow::Result;

use super::entrance::Entrance;
use super::flow::Flow;
use super::lane::{Lane, Nics};
use super::sink::Kind;
use crate::site::Site;

const PACKETS: u32 = 20_000;
/// Four for each line of the cache, and half of what the list of peers holds.
const PEERS: u32 = 1 << 16;
/// None is met again.
const SERVERS: u32 = 1 << 20;

/// Instructions a packet in both directions through our router, which has to be there already and take
/// the path of that name.
pub fn both_ways(site: &Site, path: &str) -> Result<BTreeMap<String, u64>> {
    let nics = Nics::prepare(site)?;
    // The better entrance and the better sink of each.
    let (entrance, from_stack) = if path == "xdp" {
        (Entrance::Open, Kind::Xdp)
    } else {
        (Entrance::Pass, Kind::Tc)
    };
    let ways = [
        ("decap", nics.inward()?, Kind::Xdp),
        ("encap", nics.outward()?, from_stack),
    ];
    let cost = |(way, lane, kind): (&str, Lane, Kind)| {
        let _opened = entrance.open(&lane.router)?;
        let sample = lane.run(kind, PACKETS)?.whole()?;
        Ok((format!("{path}-{way}"), sample.cost))
    };
    ways.into_iter().map(cost).collect()
}

/// The same through XDP where the cache has no way: to servers that nobody sent to before, and to hosts
/// that were heard from, each of which has lost its line to others since a packet went there.
pub fn misses(site: &Site) -> Result<BTreeMap<String, u64>> {
    let nics = Nics::prepare(site)?;
    let hosts = Flow::default().of_hosts(PEERS);
    // While the lines of their blocks are about addresses of one form, those of the other have none.
    let before = vec![nics.inward_of(&hosts)?, nics.outward_of(&hosts)?];
    let outward = nics.outward_of(&hosts.in_other_form())?.after(before);
    let ways = [
        (
            "decap",
            nics.inward_of(&Flow::default().with_servers(SERVERS))?,
        ),
        ("encap", outward),
    ];
    let cost = |(way, lane): (&str, Lane)| {
        let sample = lane.run(Kind::Xdp, PACKETS)?.whole()?;
        Ok((format!("xdp-{way}-miss"), sample.cost))
    };
    ways.into_iter().map(cost).collect()
}
