//! `cargo xtask vm`: real peers on real kernels, in virtual machines.

use std::path::PathBuf;
use std::thread;

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::{packages, setup, shell, workspace};

mod accelerator;
pub mod bench;
pub mod binaries;
mod cost;
pub mod debian;
mod kernel;
mod machine;
mod modules;
mod root;
mod twin;

use self::accelerator::Accelerator;
use self::binaries::Binaries;
use self::kernel::Kernel;
use self::machine::Machine;
use self::root::Root;

/// Which kernels and cases.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Only this kernel series
    #[arg(long, value_parser = ["6.1", "6.12", "all"], default_value = "all")]
    kernel: String,
    /// Only this case; may be given several times
    #[arg(long, value_name = "NAME")]
    case: Vec<String>,
    /// Name the cases
    #[arg(long)]
    list: bool,
    /// Write docs/interoperability.md instead of comparing it with the results
    #[arg(long, conflicts_with = "case")]
    write: bool,
    #[arg(skip)]
    purpose: Purpose,
}

/// What the results are for, beside the verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Purpose {
    /// Nothing.
    #[default]
    Verdict,
    /// A check that must not take long: each case on one machine, but for those about the kernel.
    Check,
    /// The budget is written from them.
    Budget,
}

impl Arguments {
    /// Every case on one kernel or another, the document compared: half the time of every case on every
    /// kernel.
    pub fn shared() -> Self {
        Self {
            purpose: Purpose::Check,
            ..Self::everything()
        }
    }

    fn everything() -> Self {
        Self {
            kernel: "all".to_owned(),
            case: Vec::new(),
            list: false,
            write: false,
            purpose: Purpose::Verdict,
        }
    }

    /// The budget on every kernel, to write it.
    pub fn budget() -> Self {
        Self {
            case: vec!["budget".to_owned()],
            purpose: Purpose::Budget,
            ..Self::everything()
        }
    }

    /// What one machine of several plays.
    fn words(&self, machine: usize, machines: usize) -> Vec<String> {
        let cases = self.case.iter();
        let mut words: Vec<_> = cases
            .flat_map(|case| ["--case".to_owned(), case.clone()])
            .collect();
        if self.purpose == Purpose::Check {
            let share = format!("{}/{machines}", machine + 1);
            words.extend(["--share".to_owned(), share]);
        }
        words
    }

    fn series(&self) -> Vec<&'static str> {
        let all = kernel::SERIES.iter().map(|(series, _)| *series);
        all.filter(|series| self.kernel == "all" || self.kernel == *series)
            .collect()
    }
}

/// Boots the kernels, runs the cases in them and judges what they brought back.
pub fn run(arguments: &Arguments) -> Result<()> {
    ensure!(packages::is_root(), "the guests are made by root; be root");
    setup::for_machines()?;
    let binaries = Binaries::build()?;
    if arguments.list {
        return shell::run_command(binaries.interop().arg("list"));
    }
    let peers = debian::peers()?;
    let kernels = arguments
        .series()
        .into_iter()
        .map(Kernel::fetch)
        .collect::<Result<Vec<_>>>()?;
    let results = boot_all(&kernels, &binaries, &peers, arguments)?;
    judge(&binaries, &results, arguments)
}

/// One machine a kernel, all at once: each needs one processor.
fn boot_all(
    kernels: &[Kernel],
    binaries: &Binaries,
    peers: &[PathBuf],
    arguments: &Arguments,
) -> Result<Vec<PathBuf>> {
    thread::scope(|scope| {
        let running: Vec<_> = kernels
            .iter()
            .enumerate()
            .map(|(machine, kernel)| {
                let words = arguments.words(machine, kernels.len());
                scope.spawn(move || boot(kernel, binaries, peers, &words))
            })
            .collect();
        running
            .into_iter()
            .map(|machine| machine.join().map_err(|_| anyhow!("a machine panicked"))?)
            .collect()
    })
}

/// Plays what the words say. The cases that count instructions need emulation; the others take what is fastest.
fn boot(
    kernel: &Kernel,
    binaries: &Binaries,
    peers: &[PathBuf],
    chosen: &[String],
) -> Result<PathBuf> {
    let root = Root::build(kernel, binaries, peers)?;
    let machine = Machine::new(kernel, root.archive(), "results")?;
    let accelerator = Accelerator::choose(&machine)?;
    println!("{}: Linux {}, {accelerator}", kernel.series, kernel.release);
    let run = |accelerator: Accelerator, clock: &str| {
        let mut words = vec!["run", "--clock", clock];
        words.extend(chosen.iter().map(String::as_str));
        machine
            .run(accelerator, &words)
            .with_context(|| format!("the machine with Linux {}", kernel.release))
    };
    match accelerator {
        Accelerator::Kvm => {
            run(Accelerator::Kvm, "time")?;
            run(Accelerator::Counting, "instructions-only")?;
        }
        Accelerator::Counting => run(Accelerator::Counting, "instructions")?,
    }
    Ok(machine.results().to_owned())
}

/// Reads the captures with decoders that are not ours, prints the table, compares the document.
fn judge(binaries: &Binaries, results: &[PathBuf], arguments: &Arguments) -> Result<()> {
    let mut judge = binaries.interop();
    judge.arg("judge");
    // A part of the cases fills a part of the document only.
    if arguments.case.is_empty() && arguments.kernel == "all" {
        let document = workspace::root()?.join("docs/interoperability.md");
        judge.arg("--document").arg(document);
    }
    if arguments.write {
        judge.arg("--write");
    }
    if arguments.purpose == Purpose::Check {
        judge.arg("--shared");
    }
    let budget = workspace::root()?.join("tests/budget.toml");
    judge.arg("--budget").arg(budget);
    if arguments.purpose == Purpose::Budget {
        judge.arg("--write-budget");
    }
    shell::run_command(judge.args(results))
}
