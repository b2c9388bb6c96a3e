//! What the product's own six ways cost, for a budget.

use std::collections::BTreeMap;

use anyhow::Result;

use super::entrance::Entrance;
use super::lane::{Lane, Nics};
use super::sink::Kind;
use crate::site::Site;

const PACKETS: u32 = 20_000;

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
