//! Live frames over veth NICs, all on one processor.

use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::outcome::{Cache, Forged, Part};
use super::way::{Label, Way};
use crate::bench::bed::Bed;
use crate::bench::case::Router;
use crate::bench::flow::{self, Flow, MANY_HOSTS};
use crate::bench::lane::{Lane, Pace};
use crate::bench::sink::Kind;
use crate::bench::stateless::Stateless;
use crate::bpf::{End, Peers, Program};
use crate::packet::Outer;
use crate::site::{HOST_A, HOST_B, ROUTER, SERVER, isatap_address};
use crate::stats::Stats;
use crate::{exec, pins};

/// Octets of a frame with an outer header, smallest first.
pub const SIZES: [u32; 3] = [86, 512, 1474];
/// As many nodes as one generator counts up.
const IN_TURN: u32 = 1 << 16;
/// Few enough for one batch.
const FORGED: u32 = 64;

/// The routers.
#[derive(Debug)]
pub struct Beds<'a> {
    pub bare: Bed,
    pub ours: Bed,
    /// The object file of [`Stateless`].
    pub stateless: &'a Path,
}

/// The two directions through a site.
struct Lanes {
    inward: Lane,
    outward: Lane,
}

/// Every case of a part, with these numbers of nodes where there are many.
pub fn all<'bed>(beds: &'bed Beds<'_>, part: Part, counts: &[u32]) -> Result<Vec<Way<'bed>>> {
    match part {
        Part::Frames => frames(beds),
        Part::Sizes => sizes(beds),
        Part::Peers => peers(beds, counts),
        Part::Cores | Part::Alone | Part::Tcp => Ok(Vec::new()),
    }
}

fn frames<'bed>(beds: &'bed Beds<'_>) -> Result<Vec<Way<'bed>>> {
    let nics = &beds.bare.nics;
    let inward = nics.inward()?.unchanged();
    let control = |name, title, lane: Lane, router| Way {
        label: Label {
            part: Part::Frames,
            name,
            title,
            control: "redirect-in",
            at: 0,
        },
        lane,
        router,
        peers: None,
    };
    let send_back = Router::Program(Program::send_back()?, nics.uplink.clone());
    let again = Router::redirect(&nics.uplink, &nics.native)?;
    let least = Stateless::load(beds.stateless, &beds.bare)?;
    let mut ways = vec![
        control(
            "generator",
            "generator alone",
            inward.clone(),
            Router::Nobody,
        ),
        control(
            "drop",
            "drop at the router",
            inward.clone().ending_at(&nics.uplink),
            Router::Kernel,
        ),
        control(
            "send-back",
            "XDP_TX, addresses swapped",
            inward.clone().ending_at(&nics.core),
            send_back,
        ),
    ];
    ways.extend(square(
        beds,
        Part::Frames,
        0,
        &Flow::default(),
        [None, None],
    )?);
    ways.push(control(
        "stateless-in",
        "stateless in C, decapsulation",
        nics.inward()?,
        Router::Program(least.inward, nics.uplink.clone()),
    ));
    let mut outward = control(
        "stateless-out",
        "stateless in C, encapsulation",
        nics.outward()?,
        Router::Program(least.outward, nics.native.clone()),
    );
    outward.label.control = "redirect-out";
    ways.push(outward);
    ways.push(control(
        "redirect-again",
        "bare redirect, inward, once more",
        inward,
        again,
    ));
    Ok(ways)
}

fn sizes<'bed>(beds: &'bed Beds<'_>) -> Result<Vec<Way<'bed>>> {
    let square = |octets: u32| {
        let flow = Flow::default().in_frames_of(usize::try_from(octets)?);
        square(beds, Part::Sizes, octets, &flow, [None, None])
    };
    each(SIZES, square)
}

fn peers<'bed>(beds: &'bed Beds<'_>, counts: &[u32]) -> Result<Vec<Way<'bed>>> {
    let square = |count: u32| {
        let peers = |end| {
            Some(Peers {
                end,
                first: MANY_HOSTS,
                count,
            })
        };
        let ends = [peers(End::Source), peers(End::Destination)];
        let mut ways = square(beds, Part::Peers, count, &Flow::default(), ends)?;
        meet(beds, count, &mut ways)?;
        Ok(ways)
    };
    each(counts.iter().copied(), square)
}

/// Has our router hear from each of the nodes, without which it sends them nothing, and then send to each.
fn meet(beds: &Beds<'_>, count: u32, ways: &mut [Way<'_>]) -> Result<()> {
    let nics = &beds.ours.nics;
    let step = IN_TURN.min(count);
    let firsts = (0..count).step_by(usize::try_from(step)?);
    let flows = firsts.map(|number| {
        let first = Ipv4Addr::from_bits(MANY_HOSTS.to_bits() + number);
        Flow::default().of_hosts_from(first, step)
    });
    let flows: Vec<_> = flows.collect();
    let inward = flows.iter().map(|flow| nics.inward_of(flow));
    let inward: Vec<_> = inward.collect::<Result<_>>()?;
    let outward = flows.iter().map(|flow| nics.outward_of(flow));
    let outward: Vec<_> = outward.collect::<Result<_>>()?;
    for way in ways {
        let before = match way.label.name {
            "decap" => inward.clone(),
            "encap" => [&inward[..], &outward[..]].concat(),
            _ => continue,
        };
        way.lane = way.lane.clone().after(before);
    }
    Ok(())
}

fn each<'bed>(
    values: impl IntoIterator<Item = u32>,
    square: impl Fn(u32) -> Result<Vec<Way<'bed>>>,
) -> Result<Vec<Way<'bed>>> {
    let squares: Vec<_> = values.into_iter().map(square).collect::<Result<_>>()?;
    Ok(squares.into_iter().flatten().collect())
}

/// Both directions redirected and through our router.
fn square<'bed>(
    beds: &'bed Beds<'_>,
    part: Part,
    at: u32,
    flow: &Flow,
    [sources, destinations]: [Option<Peers>; 2],
) -> Result<Vec<Way<'bed>>> {
    let Beds { bare, ours, .. } = beds;
    let (plain, tunnel) = (Lanes::of(bare, flow)?, Lanes::of(ours, flow)?);
    let way = |name, title, control, lane, router, peers| Way {
        label: Label {
            part,
            name,
            title,
            control,
            at,
        },
        lane,
        router,
        peers,
    };
    let (inwards, outwards) = ("redirect-in", "redirect-out");
    Ok(vec![
        way(
            inwards,
            "bare redirect, inward",
            inwards,
            plain.inward.unchanged(),
            Router::redirect(&bare.nics.uplink, &bare.nics.native)?,
            sources,
        ),
        way(
            "decap",
            "ours, decapsulation",
            inwards,
            tunnel.inward,
            Router::Ours(ours.daemon()?),
            sources,
        ),
        way(
            outwards,
            "bare redirect, outward",
            outwards,
            plain.outward.unchanged(),
            Router::redirect(&bare.nics.native, &bare.nics.uplink)?,
            destinations,
        ),
        way(
            "encap",
            "ours, encapsulation",
            outwards,
            tunnel.outward,
            Router::Ours(ours.daemon()?),
            destinations,
        ),
    ])
}

impl Lanes {
    fn of(bed: &Bed, flow: &Flow) -> Result<Self> {
        let nics = &bed.nics;
        Ok(Self {
            inward: nics.inward_of(flow)?,
            outward: nics.outward_of(flow)?,
        })
    }
}

/// Host b claims to be host a, through the programs that all the others go through.
pub fn forge(bed: &Bed) -> Result<Forged> {
    let inner = flow::packet(isatap_address(HOST_A), SERVER)?;
    let packet = Outer::new(HOST_B, ROUTER).packet(&inner)?;
    let lane = bed.nics.inward_forged(&packet)?;
    let before = Stats::read(bed.daemon()?)?;
    let sample = lane.run_at(Kind::Xdp, &Pace::cold(FORGED))?;
    let counted = Stats::read(bed.daemon()?)?.since(&before);
    Ok(Forged {
        offered: sample.offered,
        delivered: sample.delivered,
        counters: counted.by_name(),
    })
}

/// How large the forwarding cache is.
pub fn cache(bed: &Bed) -> Result<Cache> {
    let path = pins::map(bed.daemon()?.device(), "NEXT_HOPS")?;
    let printed = exec::line(&format!("bpftool -j map show pinned {}", path.display()))?;
    let document: Value = serde_json::from_str(&printed)?;
    let number = |key: &str| document.get(key).and_then(Value::as_u64);
    let sizes = number("max_entries").zip(number("bytes_value"));
    let (entries, octets) = sizes.with_context(|| printed.clone())?;
    Ok(Cache { entries, octets })
}
