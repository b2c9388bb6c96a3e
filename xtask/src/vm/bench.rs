//! What packets cost in guests whose clock counts instructions.

use std::path::PathBuf;
use std::thread;

use anyhow::{Context as _, Result, anyhow};

use super::accelerator::Accelerator;
use super::binaries::Binaries;
use super::kernel::Kernel;
use super::machine::Machine;
use super::root::Root;
use super::{debian, kernel};
use crate::workspace;

/// Beside those of the cases.
const PURPOSE: &str = "bench";

/// Boots the kernels of one series or all, measures in them, and names the directories of results.
pub fn run(binaries: &Binaries, series: &str, quick: bool) -> Result<Vec<PathBuf>> {
    let peers = debian::peers()?;
    let all = kernel::SERIES.iter().map(|(series, _)| *series);
    let wanted = all.filter(|one| ["all", one].contains(&series));
    let kernels = wanted.map(Kernel::fetch).collect::<Result<Vec<_>>>()?;
    thread::scope(|scope| {
        let running: Vec<_> = kernels
            .iter()
            .map(|kernel| scope.spawn(|| measure(kernel, binaries, &peers, quick)))
            .collect();
        running
            .into_iter()
            .map(|machine| machine.join().map_err(|_| anyhow!("a machine panicked"))?)
            .collect()
    })
}

/// The directories of every series, whether there yet or not.
pub fn results() -> Result<Vec<PathBuf>> {
    let bench = workspace::target()?.join("vm").join(PURPOSE);
    let all = kernel::SERIES.iter();
    Ok(all.map(|(series, _)| bench.join(series)).collect())
}

fn measure(
    kernel: &Kernel,
    binaries: &Binaries,
    peers: &[PathBuf],
    quick: bool,
) -> Result<PathBuf> {
    let root = Root::build(kernel, binaries, peers)?;
    let machine = Machine::new(kernel, root.archive(), PURPOSE)?;
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
