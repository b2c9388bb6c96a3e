//! One way through one router, measured once a round.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};

use super::outcome::{Case, Outcome, Part};
use crate::bench::case::{self, Router};
use crate::bench::lane::{Lane, Pace, Sample};
use crate::bench::sink::Kind;
use crate::bpf::Peers;
use crate::stats::Stats;

/// How often a round of a case is tried.
const TRIES: u32 = 4;

/// What a case is called.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    pub part: Part,
    pub name: &'static str,
    pub title: &'static str,
    pub control: &'static str,
    pub at: u32,
}

/// What a round brought.
#[derive(Clone, Debug)]
pub struct Taken {
    /// One for each processor that sent.
    pub samples: Vec<Sample>,
    counters: BTreeMap<String, u64>,
    again: u32,
}

/// The case.
#[derive(Debug)]
pub struct Way<'bed> {
    pub label: Label,
    pub lane: Lane,
    pub router: Router<'bed>,
    /// Whose packets they are, where they are not one node's.
    pub peers: Option<Peers>,
}

impl Taken {
    /// With what our router counted meanwhile.
    pub fn of(samples: Vec<Sample>, counted: &Stats) -> Self {
        Self {
            samples,
            counters: counted.by_name(),
            again: 0,
        }
    }

    /// Measures again if packets were lost, because a busy machine overruns the ring of a veth NIC;
    /// who loses packets every time is not spared.
    pub fn whole(take: impl Fn() -> Result<Self>) -> Result<Self> {
        let mut taken = take()?;
        for again in 1..TRIES {
            let is_whole = |sample: &Sample| sample.delivered == sample.offered;
            if taken.samples.iter().all(is_whole) {
                break;
            }
            taken = Self { again, ..take()? };
        }
        Ok(taken)
    }
}

impl Case {
    /// Adds what a round brought but for its figure.
    pub fn count(&mut self, taken: Taken) {
        for sample in &taken.samples {
            self.offered += sample.offered;
            self.delivered += sample.delivered;
        }
        self.again += taken.again;
        case::add(&mut self.counters, taken.counters);
    }
}

impl Label {
    /// Adds the figure of a round.
    pub fn tell(self, figure: f64, outcome: &mut Outcome) -> Result<&mut Case> {
        let cases = &mut outcome.cases;
        let is_it = |case: &Case| {
            (case.part, case.name.as_str(), case.at) == (self.part, self.name, self.at)
        };
        let place = cases.iter().position(is_it).unwrap_or(cases.len());
        if place == cases.len() {
            cases.push(self.untold());
        }
        let case = cases.get_mut(place).context("a case that was just added")?;
        case.samples.push(figure);
        Ok(case)
    }

    fn untold(self) -> Case {
        Case {
            part: self.part,
            name: self.name.to_owned(),
            title: self.title.to_owned(),
            control: self.control.to_owned(),
            at: self.at,
            samples: Vec::new(),
            offered: 0,
            delivered: 0,
            again: 0,
            counters: BTreeMap::new(),
        }
    }
}

impl Way<'_> {
    /// Sends packets and tells what they took.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub fn measure(&self, packets: u32, outcome: &mut Outcome) -> Result<()> {
        let _attached = self.router.attach()?;
        let taken = Taken::whole(|| self.take(packets))?;
        let cost = taken.samples.first().map_or(0, |sample| sample.cost);
        self.label.tell(cost as f64, outcome)?.count(taken);
        Ok(())
    }

    fn take(&self, packets: u32) -> Result<Taken> {
        let before = Mutex::new(Stats::default());
        let begin = || {
            let stats = self.router.stats()?;
            *before.lock().unwrap_or_else(PoisonError::into_inner) = stats;
            Ok(())
        };
        let sample = self.sample(packets, &begin)?;
        let before = before.into_inner().unwrap_or_default();
        let counted = self.router.stats()?.since(&before);
        Ok(Taken::of(vec![sample], &counted))
    }

    fn sample(&self, packets: u32, begin: &(dyn Fn() -> Result<()> + Sync)) -> Result<Sample> {
        let lane = &self.lane;
        if matches!(self.router, Router::Nobody) {
            return lane.run_nowhere(packets);
        }
        let pace = Pace {
            begin,
            ..Pace::of(packets)
        };
        let Some(peers) = self.peers else {
            return lane.run_at(Kind::Xdp, &pace);
        };
        // Twice as many as there are nodes reach most of them.
        let enough = peers.count.saturating_mul(2);
        let warm = if matches!(self.router, Router::Ours(_)) {
            enough
        } else {
            0
        };
        let pace = Pace {
            warm: pace.warm.max(warm),
            packets: packets.max(peers.count),
            ..pace
        };
        lane.run_of(peers, Kind::Xdp, &pace)
    }
}
