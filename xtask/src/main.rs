//! Sets the machine up, builds, runs the lab and the tests.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

mod bench;
mod bpf;
mod checks;
mod deny;
mod fuzz;
mod packages;
mod resolved;
mod run;
mod setup;
mod shell;
mod vm;
mod workspace;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Sets up, builds, runs and tests the repository"
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what building, running and testing need; a second time does nothing
    Setup,
    /// Show the product at work in a lab of network namespaces, or run it for real with --config
    Run(RunArguments),
    /// Real peers on real kernels: the interoperability cases in virtual machines
    Vm(vm::Arguments),
    /// What packets cost: in time on this machine, in instructions on other kernels
    Bench(bench::Arguments),
    /// A host against routers true and false: sequences of events drawn at random
    Fuzz(fuzz::Arguments),
    /// Every check and every test
    Test {
        /// Only this check, by its name in the summary; may be given several times
        #[arg(long, value_name = "CHECK")]
        only: Vec<String>,
    },
    /// What continuous integration runs: the same as test
    Ci,
}

#[derive(clap::Args)]
struct RunArguments {
    /// Leave the lab after its last step; the exit code says whether every step held
    #[arg(long)]
    once: bool,
    /// Run the daemon on this machine with this configuration instead of the lab
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The fast path of the lab's router
    #[arg(long, value_enum, default_value_t = Xdp::Auto)]
    xdp: Xdp,
}

#[derive(Clone, Copy, ValueEnum)]
enum Xdp {
    Auto,
    Off,
}

fn main() -> ExitCode {
    match perform(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<()> {
    match task {
        Task::Setup => setup::for_tests().map(drop),
        Task::Run(RunArguments {
            config: Some(file), ..
        }) => run::daemon(&file),
        Task::Run(RunArguments { once, xdp, .. }) => run::lab(once, matches!(xdp, Xdp::Off)),
        Task::Vm(arguments) => vm::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Test { only } => checks::run(&only),
        Task::Ci => checks::run(&[]),
    }
}
