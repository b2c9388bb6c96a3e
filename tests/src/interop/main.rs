//! Plays interoperability cases in a virtual machine, and judges outside what was captured.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use isatap_tests::interop::case::Case;
use isatap_tests::interop::judge::{self, Files};
use isatap_tests::interop::run::{self, Clock, Ours};
use isatap_tests::interop::share::Share;

#[derive(Parser)]
#[command(name = "isatap-interop", about)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Name the cases
    List,
    /// Play cases on this machine, which should be a virtual one: namespaces and modules are made
    Run {
        /// Only this case; may be given several times
        #[arg(long, value_name = "NAME")]
        case: Vec<String>,
        /// Which machine of how many that share the cases, such as 1/2
        #[arg(long, value_name = "MACHINE/OF", default_value = "1/1")]
        share: Share,
        /// What the clock is made of
        #[arg(long, value_enum, default_value_t = Clock::Time)]
        clock: Clock,
        /// The controller
        #[arg(long, value_name = "PROGRAM")]
        isatap_ctl: PathBuf,
        /// The kernel programs as object files
        #[arg(long, value_name = "DIRECTORY", default_value = "/")]
        objects: PathBuf,
        /// Where outcome and captures go
        #[arg(long, value_name = "DIRECTORY")]
        results: PathBuf,
    },
    /// Read what machines brought out; fails when a case did not hold
    Judge {
        #[command(flatten)]
        files: Files,
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
        Task::List => {
            for case in Case::all() {
                println!("{:<28} {}: {}", case.name, case.peer, case.title);
            }
            Ok(true)
        }
        Task::Run {
            case,
            share,
            clock,
            isatap_ctl,
            objects,
            results,
        } => {
            let ours = Ours {
                program: &isatap_ctl,
                objects: &objects,
            };
            run::run(&case, share, clock, ours, &results).map(|()| true)
        }
        Task::Judge { files, results } => judge::judge(&results, &files),
    }
}
