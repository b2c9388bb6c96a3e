//! docs/interoperability.md, made from the results.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::kame;
use super::verdict::Machine;
use crate::interop::case::Case;
use crate::interop::outcome::Comparison;

const HEAD: &str = "# Interoperability

What this product was seen to do with implementations that others wrote, on kernels as Debian ships them. Made by
`cargo xtask vm --write`. `cargo xtask test` plays every case again, on one of the kernels, those about the kernel itself on
both, and fails when this page says something else; `cargo xtask vm` plays all of them on both.

Every case runs in a virtual machine, in network namespaces: hosts in different IPv4 subnets, an IPv4 router between them, an
ISATAP router, a native IPv6 server. What passes the wire is captured, and Wireshark's dissectors look for what must be there
and for what must not; frames are compared octet by octet with what scapy builds. `target/vm/results` keeps captures, logs and
versions. `cargo xtask vm --case NAME` plays one, `--list` names them.

## Peers

";
const DIFFER: &str = "
## Where the two differ

The same thing happens to Linux's `sit mode isatap` and to this product, in the same machine. A case fails when ours
misbehaves, and also when `sit` no longer shows the fault, so that no claim outlives its reason.

";
const KAME: &str = "
## What KAME confirmed

KAME's how-to of 2005 lists the configurations that its authors saw working. This product in the place of KAME:

";

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
    let mut text = HEAD.to_owned();
    peers(&mut text, machines)?;
    text.push_str(DIFFER);
    faults(&mut text, machines)?;
    text.push_str(KAME);
    kame::table(&mut text, machines)?;
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

/// What came of a case on one kernel.
pub fn word(machine: &Machine, case: &Case) -> &'static str {
    match machine.verdict(case) {
        None => "not run",
        Some(verdict) if verdict.held() => "holds",
        Some(_) => "**fails**",
    }
}

/// Kernels that showed the same share a row.
fn faults(text: &mut String, machines: &[Machine]) -> Result<()> {
    writeln!(
        text,
        "| what happens | `sit` | this product | case | kernel |"
    )?;
    writeln!(text, "|---|---|---|---|---|")?;
    for case in Case::all() {
        let mut rows: Vec<(&Comparison, Vec<String>)> = Vec::new();
        for machine in machines {
            let played = machine.verdict(case).map(|verdict| &verdict.played);
            let Some(comparison) = played.and_then(|played| played.comparison.as_ref()) else {
                continue;
            };
            match rows.iter_mut().find(|(known, _)| *known == comparison) {
                Some((_, kernels)) => kernels.push(machine.series()),
                None => rows.push((comparison, vec![machine.series()])),
            }
        }
        for (Comparison { incumbent, ours }, kernels) in rows {
            let (title, name, kernels) = (case.title, case.name, kernels.join(", "));
            writeln!(
                text,
                "| {title} | {incumbent} | {ours} | `{name}` | {kernels} |"
            )?;
        }
    }
    Ok(())
}
