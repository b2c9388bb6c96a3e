//! The verdict, from outside the machines.

mod budget;
mod document;
mod frames;
mod kame;
mod table;
mod verdict;
mod wireshark;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::outcome::{self, Outcome};
use verdict::Machine;

/// What is compared with the results, or written from them.
#[derive(Clone, Debug, clap::Args)]
pub struct Files {
    /// The document that is to say the same
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// Write the document
    #[arg(long, requires = "document")]
    write: bool,
    /// The machines shared the cases: what one showed stands for all
    #[arg(long, conflicts_with = "write")]
    shared: bool,
    /// What packets and programs may cost
    #[arg(long, value_name = "FILE")]
    budget: Option<PathBuf>,
    /// Write that file
    #[arg(long, requires = "budget")]
    write_budget: bool,
}

/// Judges what machines brought out, prints it, and compares or writes the files; whether all of it
/// holds.
pub fn judge(results: &[PathBuf], files: &Files) -> Result<bool> {
    let mut machines = Vec::new();
    for directory in results {
        let file = directory.join(outcome::FILE);
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let outcome: Outcome =
            serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        machines.push(Machine::judge(outcome, directory)?);
    }
    table::print(&machines);
    let mut all_held = machines.iter().all(Machine::held);
    if let Some(budget) = &files.budget {
        all_held &= budget::compare(&machines, budget, files.write_budget)?;
    }
    if files.shared {
        verdict::share(&mut machines);
    }
    if let Some(document) = &files.document {
        all_held &= document::compare(&machines, document, files.write)?;
    }
    Ok(all_held)
}
