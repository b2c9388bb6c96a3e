//! Measures in a virtual machine what packets cost, and reports it outside.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use isatap_tests::bench::report;
use isatap_tests::bench::run::{self, Amount};
use isatap_tests::interop::run::Ours;

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
        /// The kernel programs as an object file
        #[arg(long, value_name = "FILE", default_value = "/isatap.o")]
        object: PathBuf,
        /// What is in C
        #[arg(long, value_name = "FILE", default_value = "/isatap-twin.o")]
        twin: PathBuf,
        /// Where the figures go
        #[arg(long, value_name = "DIRECTORY")]
        results: PathBuf,
    },
    /// Set the figures of machines beside each other; fails when packets were lost
    Report {
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
            object,
            twin,
            results,
        } => {
            let ours = Ours {
                program: &isatap_ctl,
                object: &object,
            };
            let amount = if quick { Amount::QUICK } else { Amount::FULL };
            run::run(amount, &accelerator, ours, &twin, &results).map(|()| true)
        }
        Task::Report { document, results } => report::report(&results, document.as_deref()),
    }
}
