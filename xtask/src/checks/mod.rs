//! Every check and every test, in order of cost.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{deny, setup, shell, vm};

mod bpf_lints;
mod conformance;
mod size;
mod suite;

struct Outcome {
    name: &'static str,
    error: Option<anyhow::Error>,
    took: Duration,
}

/// Runs all of them, or only those that are named, even if one fails, then sums up.
pub fn run(only: &[String]) -> Result<()> {
    let toolchain = setup::for_tests()?;
    let checks = [
        ("format", &format as &dyn Fn() -> Result<()>),
        ("file-size", &size::check),
        ("clippy", &clippy),
        ("bpf-lints", &|| bpf_lints::check(&toolchain)),
        ("dependencies", &deny::check),
        ("documentation", &documentation),
        ("conformance", &conformance::check),
        ("tests", &suite::run),
        ("machines", &|| vm::run(&vm::Arguments::shared())),
    ];
    if let Some(unknown) = only
        .iter()
        .find(|name| checks.iter().all(|(check, _)| check != name))
    {
        bail!(
            "no check is called {unknown}; they are {}",
            checks.map(|(name, _)| name).join(", ")
        );
    }
    let wanted = checks
        .into_iter()
        .filter(|(name, _)| only.is_empty() || only.iter().any(|one| one == name));
    let outcomes: Vec<Outcome> = wanted.map(|(name, check)| outcome(name, check)).collect();
    summary(&outcomes)
}

fn outcome(name: &'static str, check: &dyn Fn() -> Result<()>) -> Outcome {
    println!("\n== {name}");
    let start = Instant::now();
    let error = check().err();
    if let Some(error) = &error {
        println!("FAILED: {error:#}");
    }
    Outcome {
        name,
        error,
        took: start.elapsed(),
    }
}

fn summary(outcomes: &[Outcome]) -> Result<()> {
    println!("\n== summary");
    for Outcome { name, error, took } in outcomes {
        let word = if error.is_none() { "ok" } else { "FAILED" };
        println!("{name:<16} {word:<6} {:>7.1} s", took.as_secs_f64());
    }
    let failed: Vec<_> = outcomes
        .iter()
        .filter(|outcome| outcome.error.is_some())
        .map(|outcome| outcome.name)
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

fn format() -> Result<()> {
    shell::run("cargo", &["fmt", "--all", "--check"])
}

fn clippy() -> Result<()> {
    shell::run(
        "cargo",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    )
}

fn documentation() -> Result<()> {
    let mut doc = shell::command("cargo", &["doc", "--workspace", "--no-deps"])?;
    shell::run_command(doc.env("RUSTDOCFLAGS", "-D warnings"))
}
