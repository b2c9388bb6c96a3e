//! The guest's part: measures.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Result;

use super::bed::Bed;
use super::case::{self, Beds};
use super::list;
use super::outcome::{self, Outcome, Surroundings};
use crate::config::Xdp;
use crate::interop::programs;
use crate::interop::run::Ours;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    rounds: u32,
    packets: u32,
}

impl Amount {
    /// For a first look.
    pub const QUICK: Self = Self {
        rounds: 1,
        packets: 10_000,
    };
    /// For figures that are kept.
    pub const FULL: Self = Self {
        rounds: 3,
        packets: 50_000,
    };
}

/// Measures every case once a round and writes what it cost.
pub fn run(amount: Amount, accelerator: &str, ours: Ours<'_>, results: &Path) -> Result<()> {
    let program = ours.program;
    let surroundings = Surroundings::read(accelerator)?;
    let mut beds = Beds {
        bare: Bed::bare()?,
        xdp: Bed::ours(Xdp::Auto, program, results)?,
        tc: Bed::ours(Xdp::Off, program, results)?,
        tc_forward: Bed::ours(Xdp::Forward, program, results)?,
        sit: Bed::sit()?,
    };
    let mut outcome = Outcome {
        schema: 1,
        surroundings,
        packets: amount.packets,
        cases: Vec::new(),
        long_lists: Vec::new(),
        programs: programs::figures(ours.object)?,
    };
    let cases = case::all(&beds)?;
    for round in 1..=amount.rounds {
        for case in &cases {
            case.measure(amount.packets, &mut outcome.cases)?;
        }
        tell(&format!("round {round} of {}", amount.rounds));
    }
    drop(cases);
    outcome.long_lists = list::measure(&mut beds.xdp, amount.packets)?;
    tell("long lists of routers");
    let text = serde_json::to_string_pretty(&outcome)?;
    fs::write(results.join(outcome::FILE), text)?;
    Ok(())
}

/// The machine outside shows what begins with a bar.
fn tell(what: &str) {
    // A console that went away must not end the measuring.
    let _ = writeln!(io::stdout().lock(), "| {what}");
}
