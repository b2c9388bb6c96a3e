//! `cargo xtask bench`: what packets cost.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::vm::binaries::Binaries;
use crate::{packages, setup, shell, vm, workspace};

/// How much, and where.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Few and short rounds
    #[arg(long)]
    quick: bool,
    /// What measures
    #[arg(long, value_enum, default_value_t = Instrument::All)]
    instrument: Instrument,
    /// Count only on this kernel series
    #[arg(long, value_parser = ["6.1", "6.12", "all"], default_value = "all")]
    kernel: String,
    /// Write docs/performance.md; the figures of an instrument that was not asked for are its last
    #[arg(long, conflicts_with_all = ["quick", "write_budget"])]
    write: bool,
    /// Write tests/budget.toml, which `cargo xtask vm` holds the programs to, and nothing else
    #[arg(long, conflicts_with = "quick")]
    write_budget: bool,
}

/// What measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Instrument {
    /// The clock of this machine
    Timed,
    /// The same, for what the daemon does, as it is installed
    Control,
    /// Guests whose clock counts instructions
    Counted,
    /// Every one
    All,
}

/// Measures and reports. The clock comes first and has the machine to itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    if arguments.write_budget {
        return vm::run(&vm::Arguments::budget());
    }
    ensure!(
        packages::is_root(),
        "namespaces and guests are made by root; be root"
    );
    let wants = |instrument| [instrument, Instrument::All].contains(&arguments.instrument);
    if wants(Instrument::Counted) {
        setup::for_machines()?;
    } else {
        setup::for_lab()?;
    }
    let binaries = Binaries::build()?;
    let mut results = Vec::new();
    let quick = arguments.quick;
    if wants(Instrument::Timed) {
        let mut measure = binaries.bench();
        measure
            .arg("timed")
            .arg("--stateless")
            .arg(&binaries.stateless);
        results.push(clock(measure, "timed", &binaries.isatap_ctl, quick)?);
    }
    if wants(Instrument::Control) {
        let mut measure = binaries.bench();
        measure.arg("control");
        results.push(clock(measure, "control", &installed()?, quick)?);
    }
    if wants(Instrument::Counted) {
        results.extend(vm::bench::run(
            &binaries,
            &arguments.kernel,
            arguments.quick,
        )?);
    }
    if arguments.write {
        results = kept()?;
    }
    report(&binaries, &results, arguments.write)
}

/// One of the instruments of this machine, with the controller `program`.
fn clock(mut measure: Command, name: &str, program: &Path, quick: bool) -> Result<PathBuf> {
    let results = directory()?.join(name);
    if results.exists() {
        fs::remove_dir_all(&results)?;
    }
    measure.arg("--isatap-ctl").arg(program);
    measure.arg("--results").arg(&results);
    if quick {
        measure.arg("--quick");
    }
    shell::run_command(&mut measure)?;
    Ok(results)
}

/// The controller as it is installed. Building it takes minutes the first time.
fn installed() -> Result<PathBuf> {
    shell::run("cargo", &["build", "--release", "--package", "isatap-ctl"])?;
    Ok(workspace::target()?.join("release/isatap-ctl"))
}

/// The last results of every instrument.
fn kept() -> Result<Vec<PathBuf>> {
    let (mut results, here) = (vm::bench::results()?, directory()?);
    results.extend(["timed", "control"].map(|name| here.join(name)));
    let missing = results.iter().find(|directory| !directory.exists());
    ensure!(
        missing.is_none(),
        "the document is about all instruments and kernels; {} is not there",
        missing
            .map(|directory| directory.display().to_string())
            .unwrap_or_default()
    );
    Ok(results)
}

fn report(binaries: &Binaries, results: &[PathBuf], write: bool) -> Result<()> {
    let docs = workspace::root()?.join("docs");
    let mut report = binaries.bench();
    report.arg("report");
    if write {
        report.arg("--document").arg(docs.join("performance.md"));
        report.arg("--plots").arg(docs.join("plots"));
    } else {
        report.arg("--plots").arg(directory()?.join("plots"));
    }
    shell::run_command(report.args(results))
}

fn directory() -> Result<PathBuf> {
    Ok(workspace::target()?.join("bench"))
}
