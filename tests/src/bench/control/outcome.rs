//! What a machine brings out, as JSON.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bench::outcome::Surroundings;

/// The file in the results directory.
pub const FILE: &str = "control.json";

/// Everything of one run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Outcome {
    /// Version of this document's shape.
    pub schema: u32,
    /// Where it was measured.
    pub surroundings: Surroundings,
    /// The controller that was measured.
    pub program: String,
    /// What took how long.
    pub timings: Vec<Timing>,
    /// Many solicitations, once a round.
    pub storms: Vec<Storm>,
    /// Many peers; absent until they were there.
    pub memory: Option<Memory>,
}

/// Something that was timed, once a round.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Timing {
    /// Its name.
    pub name: String,
    /// In words.
    pub title: String,
    /// Microseconds, one figure a round.
    pub samples_us: Vec<u64>,
}

/// Router Solicitations of many hosts.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Storm {
    /// Hosts, each of which asked once.
    pub asked: u64,
    /// Hosts that got an advertisement.
    pub answered: u64,
    /// Milliseconds in which they asked.
    pub asked_within_ms: u64,
    /// Time from a question to its answer, half of them: there is a random delay of up to 500 ms.
    pub answer_p50_ms: u64,
    /// The longest.
    pub answer_max_ms: u64,
    /// How often the daemon looked how late its loop is.
    pub lag_ticks: u64,
    /// How late it was, half of the time.
    pub lag_p50_us: u64,
    /// 99 times of 100 it was not later.
    pub lag_p99_us: u64,
    /// The latest.
    pub lag_max_us: u64,
    /// What a thread on the same processor that only sleeps was late by, 99 times of 100: that much
    /// is the machine's.
    pub sleeper_p99_us: u64,
    /// The latest.
    pub sleeper_max_us: u64,
    /// Time of the processor that the daemon took meanwhile, its system calls included, of a thousand.
    pub busy_permille: u64,
}

/// Memory beside many peers.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Memory {
    /// Entries of `PEERS`.
    pub peers: u64,
    /// Resident memory of the daemon (`VmRSS`), in units of 1024 octets.
    pub resident_kb: u64,
    /// The most that it ever was (`VmHWM`).
    pub peak_kb: u64,
    /// Memory of the kernel for each map as it accounts for it, in units of 1024 octets.
    pub maps_kb: Vec<(String, u64)>,
}

impl Timing {
    /// The median of the rounds, in microseconds.
    pub fn median(&self) -> Option<u64> {
        median(self.samples_us.iter().copied())
    }
}

fn median(samples: impl Iterator<Item = u64>) -> Option<u64> {
    let mut samples: Vec<_> = samples.collect();
    samples.sort_unstable();
    samples.get(samples.len() / 2).copied()
}

impl Outcome {
    /// The timing of a name.
    pub fn timing(&self, name: &str) -> Option<&Timing> {
        self.timings.iter().find(|timing| timing.name == name)
    }

    /// Hosts of all rounds that got no advertisement, if any asked.
    pub fn unanswered(&self) -> Option<u64> {
        let without = |storm: &Storm| storm.asked.saturating_sub(storm.answered);
        let asked = self.storms.iter().any(|storm| storm.asked > 0);
        asked.then(|| self.storms.iter().map(without).sum())
    }

    /// The median of what the loop was not later than, 99 times of 100, in microseconds.
    pub fn lag_p99_us(&self) -> Option<u64> {
        median(self.storms.iter().map(|storm| storm.lag_p99_us))
    }

    /// One more sample.
    pub(super) fn note(&mut self, name: &str, title: &str, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        match self.timings.iter_mut().find(|timing| timing.name == name) {
            Some(timing) => timing.samples_us.push(took),
            None => self.timings.push(Timing {
                name: name.to_owned(),
                title: title.to_owned(),
                samples_us: vec![took],
            }),
        }
    }
}
