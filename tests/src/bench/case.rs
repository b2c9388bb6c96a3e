//! What is measured.

mod variants;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use super::bed::Bed;
use super::device::Device;
use super::entrance::Entrance;
use super::lane::{Lane, Sample};
use super::outcome::Case as Told;
use super::sink::Kind;
use super::twin::Twin;
use crate::bpf::Program;
use crate::bpf::map::Map;
use crate::bpf::program::Attached;
use crate::config::Xdp;
use crate::daemon::Daemon;
use crate::exec;
use crate::stats::Stats;

/// Without the stack.
const FRAMES: &[Way] = &[(Entrance::Open, Kind::Xdp)];
/// Every way in and out of the stack.
const STACK: &[Way] = &[
    (Entrance::Gro, Kind::Xdp),
    (Entrance::Gro, Kind::Tc),
    (Entrance::Pass, Kind::Xdp),
    (Entrance::Pass, Kind::Tc),
];

type Way = (Entrance, Kind);

/// One way through one router.
#[derive(Debug)]
pub struct Case<'bed> {
    name: &'static str,
    title: &'static str,
    lane: Lane,
    ways: &'static [Way],
    router: Router<'bed>,
}

/// Who has the packets in between.
#[derive(Debug)]
pub enum Router<'bed> {
    /// Packets do not even leave the generator.
    Nobody,
    /// What its kernel does by itself.
    Kernel,
    /// The same with as many neighbours as a kernel keeps that nobody told otherwise.
    Forgetful,
    /// A program of this bench, on a NIC.
    Program(Program, Device),
    Ours(&'bed Daemon),
    /// Our daemon with another program on the NICs.
    Twin(&'bed Daemon, Twin),
}

/// The routers.
#[derive(Debug)]
pub struct Beds {
    pub bare: Bed,
    pub xdp: Bed,
    pub tc: Bed,
    pub tc_forward: Bed,
    pub sit: Bed,
}

impl Beds {
    /// Each in a site of its own, with room for the neighbours that `sit` needs.
    pub fn make(program: &Path, directory: &Path) -> Result<Self> {
        keep_neighbours(PLENTY)?;
        Ok(Self {
            bare: Bed::bare()?,
            xdp: Bed::ours(Xdp::Auto, program, directory)?,
            tc: Bed::ours(Xdp::Off, program, directory)?,
            tc_forward: Bed::ours(Xdp::Forward, program, directory)?,
            sit: Bed::sit()?,
        })
    }
}

/// Room for all that `sit` meets here.
const PLENTY: [u32; 3] = [1 << 18, 1 << 18, 1 << 19];
/// What Linux starts with.
const USUAL: [u32; 3] = [128, 512, 1024];

/// When the kernel begins to forget neighbours of IPv6, and how many it keeps at most.
fn keep_neighbours(thresholds: [u32; 3]) -> Result<()> {
    for (number, neighbours) in (1..).zip(thresholds) {
        let name = format!("net.ipv6.neigh.default.gc_thresh{number}");
        exec::line(&format!("sysctl -q -w {name}={neighbours}"))?;
    }
    Ok(())
}

/// All cases, controls among them.
pub fn all<'bed>(beds: &'bed Beds, twin: &Path) -> Result<Vec<Case<'bed>>> {
    let mut cases = controls(&beds.bare)?;
    cases.extend(tunnels(beds)?);
    cases.extend(variants::of(beds)?);
    cases.extend(variants::in_c(beds, twin)?);
    Ok(cases)
}

fn controls(bed: &Bed) -> Result<Vec<Case<'_>>> {
    let nics = &bed.nics;
    let (inward, outward) = (nics.inward()?.unchanged(), nics.outward()?.unchanged());
    let case = |name, title, lane: &Lane, router| Case {
        name,
        title,
        lane: lane.clone(),
        ways: FRAMES,
        router,
    };
    let dropped = inward.clone().ending_at(&nics.uplink);
    let returned = inward.clone().ending_at(&nics.core);
    Ok(vec![
        case("generator", "generator alone", &inward, Router::Nobody),
        case("drop", "drop at the router", &dropped, Router::Kernel),
        case(
            "send-back",
            "XDP_TX, addresses swapped",
            &returned,
            Router::Program(Program::send_back()?, nics.uplink.clone()),
        ),
        case(
            "redirect-in",
            "bare redirect, inward",
            &inward,
            Router::redirect(&nics.uplink, &nics.native)?,
        ),
        case(
            "redirect-out",
            "bare redirect, outward",
            &outward,
            Router::redirect(&nics.native, &nics.uplink)?,
        ),
        Case {
            ways: STACK,
            ..case(
                "forward",
                "the kernel forwards IPv6, no tunnel",
                &nics.inward_plain()?,
                Router::Kernel,
            )
        },
    ])
}

fn tunnels(beds: &Beds) -> Result<Vec<Case<'_>>> {
    let case = |name, title, lane, ways, router| Case {
        name,
        title,
        lane,
        ways,
        router,
    };
    let mut cases = Vec::new();
    for (bed, ways, decap, encap) in [
        (
            &beds.xdp,
            FRAMES,
            ("xdp-decap", "ours, XDP, decapsulation"),
            ("xdp-encap", "ours, XDP, encapsulation"),
        ),
        (
            &beds.tc,
            STACK,
            ("tc-decap", "ours, TC, decapsulation"),
            ("tc-encap", "ours, TC, encapsulation"),
        ),
        (
            &beds.tc_forward,
            STACK,
            (
                "tc-forward-decap",
                "ours, TC from NIC to NIC, decapsulation",
            ),
            (
                "tc-forward-encap",
                "ours, TC from NIC to NIC, encapsulation",
            ),
        ),
        (
            &beds.sit,
            STACK,
            ("sit-decap", "Linux sit, decapsulation"),
            ("sit-encap", "Linux sit, encapsulation"),
        ),
    ] {
        let router = || bed.daemon().map_or(Router::Kernel, Router::Ours);
        cases.push(case(decap.0, decap.1, bed.nics.inward()?, ways, router()));
        cases.push(case(encap.0, encap.1, bed.nics.outward()?, ways, router()));
    }
    Ok(cases)
}

impl Router<'_> {
    /// Sends every frame that comes in `from` one NIC out `to` another, as it is.
    pub fn redirect(from: &Device, to: &Device) -> Result<Self> {
        let devices = to.inside.enter(|| Map::device(to.ifindex))?;
        Ok(Self::Program(Program::redirect(&devices)?, from.clone()))
    }

    /// Puts it in place as long as what is returned lives, unless it is there anyway.
    pub fn attach(&self) -> Result<Option<Attached>> {
        let Self::Program(program, device) = self else {
            return Ok(None);
        };
        let attached = device.inside.enter(|| program.attach(device.ifindex))?;
        Ok(Some(attached))
    }

    /// What it has counted.
    pub fn stats(&self) -> Result<Stats> {
        match self {
            Self::Ours(daemon) | Self::Twin(daemon, _) => Stats::read(daemon),
            _ => Ok(Stats::default()),
        }
    }
}

impl Case<'_> {
    /// Sends packets and adds what they cost to what is told already.
    pub fn measure(&self, packets: u32, told: &mut Vec<Told>) -> Result<()> {
        if !matches!(self.router, Router::Forgetful) {
            return self.measure_all(packets, told);
        }
        keep_neighbours(USUAL)?;
        // Those that are there already would stay.
        self.lane.router.inside.run("ip -6 neigh flush nud noarp")?;
        let measured = self.measure_all(packets, told);
        keep_neighbours(PLENTY)?;
        measured
    }

    fn measure_all(&self, packets: u32, told: &mut Vec<Told>) -> Result<()> {
        let _attached = self.router.attach()?;
        let _put = match &self.router {
            Router::Twin(_, twin) => Some(twin.put()?),
            _ => None,
        };
        for &(entrance, sink) in self.ways {
            let _opened = entrance.open(&self.lane.router)?;
            let before = Mutex::new(Stats::default());
            let begin = || {
                let stats = self.router.stats()?;
                *before.lock().unwrap_or_else(PoisonError::into_inner) = stats;
                Ok(())
            };
            let sample = match self.router {
                Router::Nobody => self.lane.run_nowhere(packets)?,
                _ => self.lane.run_from(sink, packets, &begin)?,
            };
            let before = before.into_inner().unwrap_or_default();
            let counted = self.router.stats()?.since(&before);
            self.tell((entrance, sink), sample, &counted, told);
        }
        Ok(())
    }

    fn tell(&self, (entrance, sink): Way, sample: Sample, counted: &Stats, told: &mut Vec<Told>) {
        let known = told.iter_mut().find(|known| {
            known.name == self.name && (known.entrance, known.sink) == (entrance, sink)
        });
        let counters = counted.by_name();
        let Some(known) = known else {
            told.push(Told {
                name: self.name.to_owned(),
                title: self.title.to_owned(),
                entrance,
                sink,
                costs: vec![sample.cost],
                offered: sample.offered,
                delivered: sample.delivered,
                counters,
            });
            return;
        };
        known.costs.push(sample.cost);
        known.offered += sample.offered;
        known.delivered += sample.delivered;
        add(&mut known.counters, counters);
    }
}

/// Adds counters to the sums of those before.
pub fn add(sums: &mut BTreeMap<String, u64>, counters: BTreeMap<String, u64>) {
    for (name, packets) in counters {
        *sums.entry(name).or_default() += packets;
    }
}
