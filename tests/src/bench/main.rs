//! Measures what packets cost, in a virtual machine or on this one, and reports it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use isatap_tests::bench::run::{self, Amount};
use isatap_tests::bench::timed::outcome::Part;
use isatap_tests::bench::timed::run as timed;
use isatap_tests::bench::{control, report};
use isatap_tests::interop::run::Ours;
use isatap_tests::interrupt;

#[derive(Parser)]
#[command(name = "isatap-bench", about)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure on this machine, which should be a virtual one: namespaces and modules are made
    Run {
        /// One short round
        #[arg(long)]
        quick: bool,
        /// What runs this machine's instructions
        #[arg(long, default_value = "unknown")]
        accelerator: String,
        /// The controller
        #[arg(long, value_name = "PROGRAM")]
        isatap_ctl: PathBuf,
        /// The kernel programs as object files
        #[arg(long, value_name = "DIRECTORY", default_value = "/")]
        objects: PathBuf,
        /// What is in C
        #[arg(long, value_name = "FILE", default_value = "/isatap-twin.o")]
        twin: PathBuf,
        /// Where the figures go
        #[arg(long, value_name = "DIRECTORY")]
        results: PathBuf,
    },
    /// Measure on this machine, in namespaces, what the daemon takes to start, to reload, to answer
    Control {
        /// One round
        #[arg(long)]
        quick: bool,
        /// The controller, as it is installed
        #[arg(long, value_name = "PROGRAM")]
        isatap_ctl: PathBuf,
        /// Where the figures go
        #[arg(long, value_name = "DIRECTORY")]
        results: PathBuf,
    },
    /// Measure time, on this machine and not in a virtual one; nothing else should run on it
    Timed {
        /// Few and short rounds
        #[arg(long)]
        quick: bool,
        /// Only this part; may be given several times
        #[arg(long, value_name = "PART")]
        only: Vec<Part>,
        /// The least that a tunnel can do, in C
        #[arg(long, value_name = "FILE")]
        stateless: PathBuf,
        /// The controller
        #[arg(long, value_name = "PROGRAM")]
        isatap_ctl: PathBuf,
        /// Where the figures go
        #[arg(long, value_name = "DIRECTORY")]
        results: PathBuf,
    },
    /// Set the figures of machines beside each other; fails when packets were lost or forged ones were not
    Report {
        /// Where the plots go
        #[arg(long, value_name = "DIRECTORY")]
        plots: PathBuf,
        /// Write the document
        #[arg(long, value_name = "FILE")]
        document: Option<PathBuf>,
        /// One directory a machine
        #[arg(required = true, value_name = "DIRECTORY")]
        results: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    match perform(Arguments::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<bool> {
    match task {
        Task::Run {
            quick,
            accelerator,
            isatap_ctl,
            objects,
            twin,
            results,
        } => {
            let ours = Ours {
                program: &isatap_ctl,
                objects: &objects,
            };
            let amount = if quick { Amount::QUICK } else { Amount::FULL };
            run::run(amount, &accelerator, ours, &twin, &results).map(|()| true)
        }
        Task::Control {
            quick,
            isatap_ctl,
            results,
        } => {
            interrupt::catch()?;
            let rounds = if quick {
                control::Rounds::QUICK
            } else {
                control::Rounds::FULL
            };
            control::run(rounds, &isatap_ctl, &results).map(|_| true)
        }
        Task::Timed {
            quick,
            only,
            stateless,
            isatap_ctl,
            results,
        } => {
            interrupt::catch()?;
            let parts = if only.is_empty() {
                Part::ALL.to_vec()
            } else {
                only
            };
            let amount = if quick {
                timed::Amount::QUICK
            } else {
                timed::Amount::FULL
            };
            let measured = timed::Measured {
                program: &isatap_ctl,
                stateless: &stateless,
            };
            timed::run(amount, &parts, measured, &results).map(|()| true)
        }
        Task::Report {
            plots,
            document,
            results,
        } => report::report(&results, &plots, document.as_deref()),
    }
}
