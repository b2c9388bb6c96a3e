//! Measures.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use super::frames::{self, Beds};
use super::outcome::{self, Outcome, Part};
use super::pair::Pair;
use super::tcp::Wire;
use super::{alone, cores, grace::Expedited, processor};
use crate::bench::bed::Bed;
use crate::bench::outcome::Surroundings;

/// Twice the most nodes that send.
const HOSTS: u32 = 1 << 21;

/// How many times fewer rounds there are, and more packets in each, of more nodes: between two rounds of a case its lines
/// of the cache end.
const OF_PEERS: (u32, u32) = (5, 20);
/// The same of two processors: they do not begin in the same moment.
const OF_CORES: (u32, u32) = (4, 4);

/// How much is measured. Short rounds and many: what else the machine does then befalls a case and its control
/// alike.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    rounds: u32,
    packets: u32,
    /// Numbers of nodes.
    peers: &'static [u32],
    transfers: u32,
    seconds: u32,
}

impl Amount {
    /// For a first look.
    pub const QUICK: Self = Self {
        rounds: 20,
        packets: 50_000,
        peers: &[1, 1 << 10, 1 << 14, 1 << 20],
        transfers: 3,
        seconds: 1,
    };
    /// For figures that are kept.
    pub const FULL: Self = Self {
        rounds: 140,
        packets: 50_000,
        peers: &[1, 1 << 10, 1 << 14, 1 << 16, 1 << 18, 1 << 20],
        transfers: 5,
        seconds: 3,
    };

    /// Rounds, and packets of a round.
    fn of(self, part: Part) -> (u32, u32) {
        let (fewer, more) = match part {
            Part::Peers => OF_PEERS,
            Part::Cores => OF_CORES,
            _ => (1, 1),
        };
        (self.rounds / fewer, self.packets * more)
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Measured<'a> {
    /// The controller.
    pub program: &'a Path,
    /// The object file of the least that a tunnel can do.
    pub stateless: &'a Path,
}

/// Measures these parts and writes what they took.
pub fn run(amount: Amount, parts: &[Part], measured: Measured<'_>, results: &Path) -> Result<()> {
    let Measured { program, .. } = measured;
    fs::create_dir_all(results)?;
    let _expedited = Expedited::begin()?;
    let mut outcome = blank(amount)?;
    let wants = |part| parts.contains(&part);
    if [Part::Frames, Part::Sizes, Part::Peers, Part::Alone]
        .into_iter()
        .any(wants)
    {
        one_processor(amount, parts, measured, results, &mut outcome)?;
    }
    if wants(Part::Cores) {
        two_processors(amount, program, results, &mut outcome)?;
    }
    if wants(Part::Tcp) {
        transfers(amount, program, results, &mut outcome)?;
    }
    outcome.load_after = Surroundings::read("none")?.load;
    fs::write(
        results.join(outcome::FILE),
        serde_json::to_string_pretty(&outcome)?,
    )?;
    Ok(())
}

/// Nothing measured yet. The last processor has the fewest interrupts of others.
fn blank(amount: Amount) -> Result<Outcome> {
    let surroundings = Surroundings::read("none")?;
    let processors = processor::count()?;
    ensure!(processors >= 2, "two processors are needed");
    Ok(Outcome {
        schema: 1,
        load_after: surroundings.load.clone(),
        surroundings,
        processors,
        pinned: processors - 1,
        rounds: amount.rounds,
        packets: amount.packets,
        cases: Vec::new(),
        forged: None,
        cache: None,
    })
}

fn one_processor(
    amount: Amount,
    parts: &[Part],
    measured: Measured<'_>,
    results: &Path,
    outcome: &mut Outcome,
) -> Result<()> {
    let beds = Beds {
        bare: Bed::bare()?,
        ours: Bed::ours_of(HOSTS, measured.program, results)?,
        stateless: measured.stateless,
    };
    outcome.cache = Some(frames::cache(&beds.ours)?);
    processor::on(outcome.pinned, || {
        for part in parts {
            let ways = frames::all(&beds, *part, amount.peers)?;
            let repeated = if *part == Part::Alone {
                alone::all(&beds)?
            } else {
                Vec::new()
            };
            let (rounds, packets) = amount.of(*part);
            for round in 1..=rounds {
                for way in &ways {
                    way.measure(packets, outcome)?;
                }
                for repeated in &repeated {
                    repeated.measure(outcome)?;
                }
                told(*part, round, rounds, ways.len() + repeated.len());
            }
        }
        outcome.forged = Some(frames::forge(&beds.ours)?);
        Ok(())
    })
}

fn two_processors(
    amount: Amount,
    program: &Path,
    results: &Path,
    outcome: &mut Outcome,
) -> Result<()> {
    let (bare, ours) = (Pair::bare()?, Pair::ours(program, results)?);
    let cores = cores::all(&bare, &ours)?;
    let (rounds, packets) = amount.of(Part::Cores);
    for round in 1..=rounds {
        for cores in &cores {
            cores.measure(packets, outcome)?;
        }
        told(Part::Cores, round, rounds, cores.len());
    }
    Ok(())
}

fn transfers(amount: Amount, program: &Path, results: &Path, outcome: &mut Outcome) -> Result<()> {
    let wire = Wire::create(program, results)?;
    for round in 1..=amount.transfers {
        wire.measure(amount.seconds, &results.join("iperf3.log"), outcome)?;
        told(Part::Tcp, round, amount.transfers, 1);
    }
    Ok(())
}

fn told(part: Part, round: u32, rounds: u32, cases: usize) {
    if cases > 0 {
        println!("{part:?}: round {round} of {rounds}");
    }
}
