//! `cargo xtask bench`: what packets cost, in guests whose clock counts instructions.

use std::path::PathBuf;
use std::thread;

use anyhow::{Context as _, Result, anyhow, ensure};

use super::accelerator::Accelerator;
use super::binaries::Binaries;
use super::kernel::Kernel;
use super::machine::Machine;
use super::root::Root;
use super::{debian, kernel};
use crate::{packages, setup, shell, workspace};

/// How much, and where.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// One short round
    #[arg(long)]
    quick: bool,
    /// Only this kernel series
    #[arg(long, value_parser = ["6.1", "6.12", "all"], default_value = "all")]
    kernel: String,
    /// Write docs/performance.md
    #[arg(long, conflicts_with_all = ["quick", "write_budget"])]
    write: bool,
    /// Write tests/budget.toml, which `cargo xtask vm` holds the programs to, and nothing else
    #[arg(long, conflicts_with = "quick")]
    write_budget: bool,
}

/// Boots the kernels, measures in them and reports.
pub fn run(arguments: &Arguments) -> Result<()> {
    if arguments.write_budget {
        return super::run(&super::Arguments::budget());
    }
    ensure!(packages::is_root(), "the guests are made by root; be root");
    setup::for_machines()?;
    let binaries = Binaries::build()?;
    let peers = debian::peers()?;
    let series = kernel::SERIES.iter().map(|(series, _)| *series);
    let series = series.filter(|series| ["all", series].contains(&arguments.kernel.as_str()));
    let kernels = series.map(Kernel::fetch).collect::<Result<Vec<_>>>()?;
    let results = thread::scope(|scope| {
        let running: Vec<_> = kernels
            .iter()
            .map(|kernel| scope.spawn(|| measure(kernel, &binaries, &peers, arguments.quick)))
            .collect();
        running
            .into_iter()
            .map(|machine| machine.join().map_err(|_| anyhow!("a machine panicked"))?)
            .collect::<Result<Vec<_>>>()
    })?;
    report(&binaries, &results, arguments)
}

fn measure(
    kernel: &Kernel,
    binaries: &Binaries,
    peers: &[PathBuf],
    quick: bool,
) -> Result<PathBuf> {
    let root = Root::build(kernel, binaries, peers)?;
    let machine = Machine::new(kernel, root.archive(), "bench")?;
    println!("{}: Linux {}", kernel.series, kernel.release);
    let mut words = vec!["bench", "run", "--accelerator", "tcg-icount"];
    if quick {
        words.push("--quick");
    }
    machine
        .run(Accelerator::Counting, &words)
        .with_context(|| format!("the machine with Linux {}", kernel.release))?;
    Ok(machine.results().to_owned())
}

fn report(binaries: &Binaries, results: &[PathBuf], arguments: &Arguments) -> Result<()> {
    let mut report = binaries.bench();
    report.arg("report");
    if arguments.write {
        ensure!(
            arguments.kernel == "all",
            "the document is about all kernels"
        );
        let document = workspace::root()?.join("docs/performance.md");
        report.arg("--document").arg(document);
    }
    shell::run_command(report.args(results))
}
