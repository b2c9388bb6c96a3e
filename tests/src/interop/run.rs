//! The guest's part: plays the cases.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use clap::ValueEnum;

use super::case::Case;
use super::outcome::{self, Outcome, Played};
use super::programs;
use super::scene::Scene;
use super::share::Share;
use crate::exec;

/// What the guest's clock is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Clock {
    /// Time.
    Time,
    /// One nanosecond is one instruction.
    Instructions,
    /// The same, and only what needs it is wanted.
    InstructionsOnly,
}

impl Clock {
    fn suits(self, case: &Case) -> bool {
        match self {
            Self::Time => !case.on_counting_clock,
            Self::Instructions => true,
            Self::InstructionsOnly => case.on_counting_clock,
        }
    }
}

/// The product.
#[derive(Clone, Copy, Debug)]
pub struct Ours<'path> {
    /// The controller.
    pub program: &'path Path,
    /// Where the kernel programs are.
    pub objects: &'path Path,
}

/// Plays the named cases, or all of this machine's share, and adds what happened to the results.
pub fn run(
    names: &[String],
    share: Share,
    clock: Clock,
    ours: Ours<'_>,
    results: &Path,
) -> Result<()> {
    for name in names {
        ensure!(Case::all().any(|case| case.name == name), "no case {name}");
    }
    let mut outcome = Outcome {
        schema: 1,
        kernel: exec::line("busybox uname -r")?.trim().to_owned(),
        versions: versions(),
        programs: programs::figures(ours.objects)?,
        cases: Vec::new(),
    };
    let wanted = Case::all().filter(|case| clock.suits(case) && share.has(case));
    for case in wanted.filter(|case| names.is_empty() || names.iter().any(|name| name == case.name))
    {
        let played = play(case, ours.program, &results.join(case.name));
        tell(&played);
        outcome.cases.push(played);
        // After each: a machine that dies later has told the rest.
        let text = serde_json::to_string_pretty(&outcome)?;
        fs::write(results.join(outcome::FILE), text)?;
    }
    Ok(())
}

fn play(case: &Case, program: &Path, directory: &Path) -> Played {
    let start = Instant::now();
    let mut played = Played {
        name: case.name.to_owned(),
        ..Played::default()
    };
    let attempt = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut scene = Scene::set(case, program, directory)?;
        let held = (case.run)(&mut scene);
        let ended = scene.end(&mut played);
        held.and(ended)
    }));
    let held = attempt.unwrap_or_else(|_| Err(anyhow!("it panicked")));
    played.error = held.err().map(|error| format!("{error:#}"));
    played.seconds = start.elapsed().as_secs_f64();
    played
}

/// The machine outside shows what begins with a bar.
fn tell(played: &Played) {
    let word = if played.error.is_none() {
        "ok    "
    } else {
        "FAILED"
    };
    let mut out = io::stdout().lock();
    // A console that went away must not end the cases.
    let _ = writeln!(
        out,
        "| {word} {:<28} {:>6.1} s",
        played.name, played.seconds
    );
    for line in played.error.iter().flat_map(|error| error.lines()) {
        let _ = writeln!(out, "|        {line}");
    }
}

fn versions() -> BTreeMap<String, String> {
    let asked = [
        ("iproute2", "ip", "-V"),
        ("isatapd", "isatapd", "--version"),
        ("radvd", "radvd", "--version"),
        ("rdisc6", "rdisc6", "--version"),
    ];
    let version = |(name, program, flag): (&str, &str, &str)| {
        let output = exec::output(Command::new(program).arg(flag)).ok()?;
        let printed = format!("{}{}", output.stdout, output.stderr);
        let line = printed.lines().find(|line| !line.trim().is_empty())?;
        Some((name.to_owned(), line.trim().to_owned()))
    };
    asked.into_iter().filter_map(version).collect()
}
