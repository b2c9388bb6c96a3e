use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::outcome::{self, Outcome};
use super::{memory, reload, start, storm};
use crate::bench::outcome::Surroundings;
use crate::names::Names;
use crate::pins::Pins;
use crate::site::Site;

/// How often and how long.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// Of everything that is timed.
    pub times: u32,
    /// Of solicitations, each in so many seconds.
    pub storms: (u32, u32),
}

impl Rounds {
    /// For a first look.
    pub const QUICK: Self = Self {
        times: 1,
        storms: (1, 3),
    };
    /// For figures that are kept.
    pub const FULL: Self = Self {
        times: 5,
        storms: (3, 10),
    };
}

/// Where a daemon is started, and which one.
#[derive(Debug)]
pub(super) struct Stand<'a> {
    pub program: &'a Path,
    pub directory: &'a Path,
    pub site: Site,
    pub names: Names,
    _pins: Pins,
}

/// The path from the root of the workspace, which is the same wherever that is.
fn within_checkout(program: &Path) -> &Path {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let inside = root.and_then(|root| program.strip_prefix(root).ok());
    inside.unwrap_or(program)
}

/// Measures everything, and writes down what came out.
pub fn run(rounds: Rounds, program: &Path, results: &Path) -> Result<Outcome> {
    fs::create_dir_all(results).with_context(|| results.display().to_string())?;
    let mut outcome = Outcome {
        schema: 1,
        surroundings: Surroundings::read("this machine")?,
        program: within_checkout(program).display().to_string(),
        timings: Vec::new(),
        storms: Vec::new(),
        memory: None,
    };
    let names = Names::unique();
    let stand = Stand {
        program,
        directory: results,
        _pins: Pins::prepare(names.devices())?,
        site: Site::create(&names)?,
        names,
    };
    for _ in 0..rounds.times {
        start::measure(&stand, &mut outcome)?;
    }
    reload::prefixes_and_routes(&stand, rounds.times, &mut outcome)?;
    reload::routers(&stand, rounds.times, &mut outcome)?;
    outcome.memory = Some(memory::measure(&stand)?);
    let (storms, seconds) = rounds.storms;
    for _ in 0..storms {
        outcome.storms.push(storm::measure(&stand, seconds)?);
    }
    let text = serde_json::to_string_pretty(&outcome)?;
    fs::write(results.join(outcome::FILE), text)?;
    Ok(outcome)
}
