//! The verdict, from outside the machines.

mod document;
mod frames;
mod kame;
mod table;
mod verdict;
mod wireshark;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::outcome::{self, Outcome};
use verdict::Machine;

/// Judges what machines brought out, prints it, and compares or writes the document; whether all of
/// it holds.
pub fn judge(results: &[PathBuf], document: Option<&Path>, write: bool) -> Result<bool> {
    let mut machines = Vec::new();
    for directory in results {
        let file = directory.join(outcome::FILE);
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let outcome: Outcome =
            serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        machines.push(Machine::judge(outcome, directory)?);
    }
    table::print(&machines);
    let all_held = machines.iter().all(Machine::held);
    let Some(document) = document else {
        return Ok(all_held);
    };
    Ok(document::compare(&machines, document, write)? && all_held)
}
