//! Frames that must not get through, sent the way that all others took.

use std::net::Ipv4Addr;

use anyhow::Result;

use super::bed::Bed;
use super::case::Beds;
use super::entrance::Entrance;
use super::flow::Flow;
use super::lane::{Lane, Pace};
use super::outcome::Forged;
use super::sink::Kind;
use crate::packet::Outer;
use crate::site::{HOST_A, HOST_B, ROUTER};
use crate::stats::Stats;

const FRAMES: u32 = 64;

/// What became of them at the routers that were measured.
pub fn send(beds: &Beds) -> Result<Vec<Forged>> {
    let mut forged = through(&beds.xdp, "xdp", Entrance::Open)?;
    forged.extend(through(&beds.tc, "tc", Entrance::Pass)?);
    forged.extend(through(&beds.tc_forward, "tc", Entrance::Pass)?);
    Ok(forged)
}

fn through(bed: &Bed, layer: &str, entrance: Entrance) -> Result<Vec<Forged>> {
    let inner = Flow::default().inward_plain()?;
    let outer = Outer::new(HOST_A, ROUTER);
    let nics = &bed.nics;
    let loopback = Flow::default().of_host(Ipv4Addr::LOCALHOST);
    let kinds = [
        (
            "inner source of another host",
            format!("in {layer} src_mismatch"),
            nics.inward_forged(&Outer::new(HOST_B, ROUTER).packet(&inner)?)?,
        ),
        (
            "outer checksum wrong",
            format!("in {layer} checksum"),
            nics.inward_forged(&outer.bad_checksum().packet(&inner)?)?,
        ),
        (
            "loopback address in the destination",
            format!("out {layer} next_hop_martian"),
            nics.outward_of(&loopback)?,
        ),
    ];
    kinds
        .into_iter()
        .map(|(what, counter, lane)| one(bed, entrance, what, counter, &lane))
        .collect()
}

fn one(bed: &Bed, entrance: Entrance, what: &str, counter: String, lane: &Lane) -> Result<Forged> {
    let daemon = bed.daemon()?;
    let _opened = entrance.open(&lane.router)?;
    let before = Stats::read(daemon)?;
    let sample = lane.run_at(Kind::Xdp, &Pace::cold(FRAMES))?;
    let dropped = Stats::read(daemon)?.since(&before).by_name();
    Ok(Forged {
        what: what.to_owned(),
        sent: sample.offered,
        delivered: sample.delivered,
        counted: dropped.get(&counter).copied().unwrap_or_default(),
        counter,
    })
}
