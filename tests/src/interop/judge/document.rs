//! docs/interoperability.md, made from the results.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::verdict::Machine;
use crate::interop::case::Case;

const BEFORE: &str = include_str!("document/before.md");
const AFTER: &str = include_str!("document/after.md");

/// Writes the document, or says that it differs from what the machines show.
pub fn compare(machines: &[Machine], document: &Path, write: bool) -> Result<bool> {
    let wanted = text(machines)?;
    if write {
        fs::write(document, wanted).with_context(|| document.display().to_string())?;
        println!("wrote {}", document.display());
        return Ok(true);
    }
    let found = fs::read_to_string(document).unwrap_or_default();
    if found == wanted {
        return Ok(true);
    }
    println!(
        "{} does not say what the machines show; `cargo xtask vm --write` writes it",
        document.display()
    );
    Ok(false)
}

fn text(machines: &[Machine]) -> Result<String> {
    let mut text = BEFORE.to_owned();
    peers(&mut text, machines)?;
    faults(&mut text, machines)?;
    text.push_str(AFTER);
    Ok(text)
}

/// Peer, case, and a column a kernel.
fn peers(text: &mut String, machines: &[Machine]) -> Result<()> {
    let heads = machines.iter().map(Machine::series).collect::<Vec<_>>();
    writeln!(
        text,
        "| peer | what happens | case | {} |",
        heads.join(" | ")
    )?;
    writeln!(text, "|---|---|---|{}", "---|".repeat(machines.len()))?;
    for case in Case::all() {
        let cells = machines.iter().map(|machine| word(machine, case));
        let cells = cells.collect::<Vec<_>>().join(" | ");
        writeln!(
            text,
            "| {} | {} | `{}` | {cells} |",
            case.peer, case.title, case.name
        )?;
    }
    Ok(())
}

fn word(machine: &Machine, case: &Case) -> &'static str {
    match machine.verdict(case) {
        None => "not run",
        Some(verdict) if verdict.held() => "holds",
        Some(_) => "**fails**",
    }
}

/// The same thing happening to both, where every kernel showed it alike only once.
fn faults(text: &mut String, machines: &[Machine]) -> Result<()> {
    let compared = |case: &Case| {
        let verdicts = machines.iter().map(move |machine| {
            let comparison = machine.verdict(case)?.played.comparison.as_ref()?;
            Some((machine.series(), comparison.clone()))
        });
        verdicts.collect::<Option<Vec<_>>>()
    };
    text.push_str("\n## Where the two differ\n\n");
    writeln!(text, "| what happens | `sit` | this product | case |")?;
    writeln!(text, "|---|---|---|---|")?;
    for case in Case::all() {
        for (series, comparison) in compared(case).into_iter().flatten() {
            writeln!(
                text,
                "| {} ({series}) | {} | {} | `{}` |",
                case.title, comparison.incumbent, comparison.ours, case.name
            )?;
        }
    }
    Ok(())
}
