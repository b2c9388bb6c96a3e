//! Every requirement has its proof: docs/conformance.md beside the tests that there are.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

mod document;
mod proof;
mod proofs;

use self::document::Requirement;
use self::proofs::Proofs;

const DOCUMENT: &str = "docs/conformance.md";
/// Requirements are R1 to this one, each once.
const LAST: u32 = 155;

/// Each number once, in order, and every proof that is named can be run.
pub fn check() -> Result<()> {
    let path = workspace::root()?.join(DOCUMENT);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let requirements = document::requirements(&text)?;
    let mut faults = numbering(&requirements);
    let proofs = Proofs::find()?;
    for requirement in &requirements {
        let found = proof::faults(&requirement.proof, &proofs);
        let place = |fault| {
            format!(
                "{DOCUMENT}:{}: R{}: {fault}",
                requirement.line, requirement.number
            )
        };
        faults.extend(found.into_iter().map(place));
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    println!(
        "{} requirements, each with its proof or the reason why there is none",
        requirements.len()
    );
    Ok(())
}

fn numbering(requirements: &[Requirement]) -> Vec<String> {
    let numbers: Vec<u32> = requirements
        .iter()
        .map(|requirement| requirement.number)
        .collect();
    let missing = (1..=LAST).filter(|number| !numbers.contains(number));
    let missing = missing.map(|number| format!("{DOCUMENT}: R{number} is missing"));
    let pairs = numbers.iter().zip(numbers.iter().skip(1));
    let disordered = pairs.filter(|(before, after)| before >= after);
    let disordered =
        disordered.map(|(before, after)| format!("{DOCUMENT}: R{after} stands after R{before}"));
    missing.chain(disordered).collect()
}
