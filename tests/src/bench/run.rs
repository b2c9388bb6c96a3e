//! The guest's part: measures.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Result;

use super::case::{self, Beds};
use super::host::Hosted;
use super::outcome::{self, Outcome, Surroundings};
use super::{forged, list, lookups, transfer};
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

/// Measures every case once a round, then what is measured once, and writes what it cost.
pub fn run(
    amount: Amount,
    accelerator: &str,
    ours: Ours<'_>,
    twin: &Path,
    results: &Path,
) -> Result<()> {
    let program = ours.program;
    let mut outcome = Outcome {
        schema: 2,
        surroundings: Surroundings::read(accelerator)?,
        packets: amount.packets,
        cases: Vec::new(),
        long_lists: Vec::new(),
        host_lists: Vec::new(),
        transfers: transfer::measure(program, results)?,
        lookups: Vec::new(),
        forged: Vec::new(),
        programs: programs::figures(ours.objects)?,
    };
    tell("transfers");
    let mut beds = Beds::make(program, results)?;
    let cases = case::all(&beds, twin)?;
    for round in 1..=amount.rounds {
        for case in &cases {
            case.measure(amount.packets, &mut outcome.cases)?;
        }
        tell(&format!("round {round} of {}", amount.rounds));
    }
    drop(cases);
    outcome.forged = forged::send(&beds)?;
    outcome.lookups = lookups::count(&beds)?;
    tell("forged frames and look-ups");
    let mut hosted = Hosted::join(&beds.tc, program, results)?;
    outcome.host_lists = list::at_host(&mut hosted, amount.packets)?;
    outcome.long_lists = list::at_router(&mut beds.xdp, amount.packets)?;
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
