//! What the clock brings out, as JSON.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::bench::outcome::Surroundings;

/// The file in the results directory.
pub const FILE: &str = "timed.json";

/// Everything of one run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Outcome {
    /// Version of this document's shape.
    pub schema: u32,
    /// The machine before.
    pub surroundings: Surroundings,
    /// Its load after.
    pub load_after: String,
    /// How many processors it has.
    pub processors: usize,
    /// The one that generator, router and sink share, where a case does not say otherwise.
    pub pinned: usize,
    /// How often every case was measured.
    pub rounds: u32,
    /// Packets in each run, unless a case needs more.
    pub packets: u32,
    /// The cases.
    pub cases: Vec<Case>,
    /// What became of packets that must not get through.
    pub forged: Option<Forged>,
    /// The forwarding cache.
    pub cache: Option<Cache>,
}

/// What belongs together: one table.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Frames of the smallest size, one flow. Nanoseconds a packet.
    Frames,
    /// Larger frames. Nanoseconds a packet.
    Sizes,
    /// More nodes. Nanoseconds a packet.
    Peers,
    /// Two processors. Millions of packets a second.
    Cores,
    /// The program without anything around it. Nanoseconds a packet.
    Alone,
    /// TCP. Gigabits a second.
    Tcp,
}

/// One case.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Case {
    /// The table.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// In words.
    pub title: String,
    /// The case in the same part that it is compared with.
    pub control: String,
    /// Octets of a frame with an outer header, or nodes; zero where there is nothing to choose.
    pub at: u32,
    /// One figure a round.
    pub samples: Vec<f64>,
    /// Packets sent in all rounds; none where they are not counted.
    pub offered: u64,
    /// Those that arrived.
    pub delivered: u64,
    /// How many rounds were measured again because packets were lost in them.
    pub again: u32,
    /// What our router counted meanwhile.
    pub counters: BTreeMap<String, u64>,
}

/// Packets of a node that claims to be another.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Forged {
    /// Sent.
    pub offered: u64,
    /// Let through.
    pub delivered: u64,
    /// What our router counted.
    pub counters: BTreeMap<String, u64>,
}

/// A table that each processor has.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Cache {
    /// How many entries.
    pub entries: u64,
    /// Octets of each.
    pub octets: u64,
}

impl Part {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Frames,
        Self::Sizes,
        Self::Peers,
        Self::Cores,
        Self::Alone,
        Self::Tcp,
    ];
}

impl Case {
    /// Lost packets cost less: only a case that lost none is believed.
    pub fn is_whole(&self) -> bool {
        self.delivered == self.offered
    }

    /// The smallest figure, the median, the largest.
    pub fn spread(&self) -> Option<[f64; 3]> {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        Some([*sorted.first()?, median(&sorted)?, *sorted.last()?])
    }

    /// The share of our router's packets that the cache knew.
    pub fn hits(&self) -> Option<f64> {
        let of = |reason: &str| -> u64 {
            let counters = self.counters.iter();
            let wanted = counters.filter(|(name, _)| name.ends_with(reason));
            wanted.map(|(_, packets)| packets).sum()
        };
        let (cached, resolved) = (of(" xdp cached"), of(" xdp resolved"));
        crate::bench::goals::ratio(cached, cached + resolved)
    }
}

impl Outcome {
    /// The case of a name, if nothing was lost.
    pub fn case(&self, part: Part, name: &str, at: u32) -> Option<&Case> {
        let is_it = |case: &&Case| (case.part, case.name.as_str(), case.at) == (part, name, at);
        self.cases
            .iter()
            .find(is_it)
            .filter(|case| case.is_whole() && !case.samples.is_empty())
    }

    /// The case over its control, round by round.
    pub fn ratios(&self, part: Part, name: &str, at: u32) -> Option<Vec<f64>> {
        self.with_control(part, name, at, |case, control| case / control)
    }

    /// The median of [`Self::ratios`].
    pub fn over(&self, part: Part, name: &str, at: u32) -> Option<f64> {
        median(&self.ratios(part, name, at)?)
    }

    /// The median of what the case has more than its control, round by round.
    pub fn beyond(&self, part: Part, name: &str, at: u32) -> Option<f64> {
        median(&self.with_control(part, name, at, |case, control| case - control)?)
    }

    /// The case over its control, over the same where the part begins: the median of the rounds.
    pub fn growth(&self, part: Part, name: &str, at: u32) -> Option<f64> {
        let of_part = self.cases.iter().filter(|case| case.part == part);
        let first = of_part.map(|case| case.at).min()?;
        let (there, here) = (
            self.ratios(part, name, at)?,
            self.ratios(part, name, first)?,
        );
        let growths = there.iter().zip(&here).map(|(there, here)| there / here);
        median(&growths.collect::<Vec<_>>())
    }

    fn with_control(
        &self,
        part: Part,
        name: &str,
        at: u32,
        compare: fn(f64, f64) -> f64,
    ) -> Option<Vec<f64>> {
        let case = self.case(part, name, at)?;
        let control = self.case(part, &case.control, at)?;
        let rounds = case.samples.iter().zip(&control.samples);
        Some(rounds.map(|(one, other)| compare(*one, *other)).collect())
    }
}

/// Of an even number of figures, the upper one of the two in the middle.
pub fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, control: &str, at: u32, samples: [f64; 3]) -> Case {
        Case {
            part: Part::Sizes,
            name: name.to_owned(),
            title: String::new(),
            control: control.to_owned(),
            at,
            samples: samples.to_vec(),
            offered: 3,
            delivered: 3,
            again: 0,
            counters: BTreeMap::new(),
        }
    }

    fn outcome(cases: Vec<Case>) -> Outcome {
        Outcome {
            schema: 1,
            surroundings: Surroundings {
                kernel: String::new(),
                processor: String::new(),
                mitigations: String::new(),
                load: String::new(),
                accelerator: String::new(),
            },
            load_after: String::new(),
            processors: 2,
            pinned: 1,
            rounds: 3,
            packets: 1,
            cases,
            forged: None,
            cache: None,
        }
    }

    fn four() -> Vec<Case> {
        vec![
            case("redirect", "redirect", 86, [100.0, 200.0, 400.0]),
            case("ours", "redirect", 86, [200.0, 400.0, 800.0]),
            case("redirect", "redirect", 512, [100.0, 100.0, 100.0]),
            case("ours", "redirect", 512, [300.0, 400.0, 600.0]),
        ]
    }

    #[test]
    fn each_round_is_compared_with_its_own_control() {
        let outcome = outcome(four());
        assert_eq!(outcome.ratios(Part::Sizes, "ours", 86), Some(vec![2.0; 3]));
        assert_eq!(outcome.over(Part::Sizes, "ours", 512), Some(4.0));
        assert_eq!(outcome.beyond(Part::Sizes, "ours", 512), Some(300.0));
        assert_eq!(outcome.growth(Part::Sizes, "ours", 512), Some(2.0));
    }

    #[test]
    fn nothing_is_said_of_a_case_that_lost_a_packet() {
        let mut cases = four();
        cases[2].delivered = 2;
        let outcome = outcome(cases);
        assert_eq!(outcome.over(Part::Sizes, "ours", 512), None);
        assert_eq!(outcome.over(Part::Sizes, "ours", 86), Some(2.0));
    }
}
