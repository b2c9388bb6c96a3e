//! What packets and programs may cost.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::verdict::Machine;

/// By kernel series.
type Budget = BTreeMap<String, Figures>;
/// By `packet` or the name of a program, and the name of the figure.
type Figures = BTreeMap<String, BTreeMap<String, u64>>;

/// Boots differ by less; a single look-up costs more.
const TOLERATED_PERCENT: u64 = 2;
const HEAD: &str = "\
# What packets and programs cost, by kernel. `cargo xtask test` fails when a figure has grown by more than 2 %, and tells
# when it has shrunk by as much; `cargo xtask bench --write-budget` writes this file.
#
# packet: instructions for one packet, those of sending it, of the kernel and of counting it at the end included.
# Programs: octets of machine code, octets of stack, instructions as translated by the kernel and as walked by its verifier.
";

/// Holds the machines that measured to the file, or writes it; whether nothing costs more.
pub fn compare(machines: &[Machine], file: &Path, write: bool) -> Result<bool> {
    let found: Budget = machines.iter().filter_map(figures).collect();
    if found.is_empty() {
        return Ok(true);
    }
    let text = if file.exists() {
        fs::read_to_string(file).with_context(|| file.display().to_string())?
    } else {
        String::new()
    };
    let mut budget: Budget = toml::from_str(&text).with_context(|| file.display().to_string())?;
    if write {
        budget.extend(found);
        fs::write(file, format!("{HEAD}\n{}", toml::to_string(&budget)?))?;
        println!("wrote {}", file.display());
        return Ok(true);
    }
    Ok(holds(&found, &budget))
}

/// `None` of a machine that did not measure.
fn figures(machine: &Machine) -> Option<(String, Figures)> {
    let mut costs = machine.outcome.cases.iter().map(|case| &case.costs);
    let costs = costs.find(|costs| !costs.is_empty())?;
    let mut figures: Figures = machine
        .outcome
        .programs
        .iter()
        .map(|program| {
            let figures = [
                ("compiled", program.compiled),
                ("stack", program.stack),
                ("translated", program.translated),
                ("verified", program.verified),
            ];
            let figures = figures.map(|(name, figure)| (name.to_owned(), figure));
            (program.name.clone(), BTreeMap::from(figures))
        })
        .collect();
    figures.insert("packet".to_owned(), costs.clone());
    Some((machine.series(), figures))
}

/// Prints every figure that is not as the file says.
fn holds(found: &Budget, budget: &Budget) -> bool {
    let mut held = true;
    for (series, subjects) in found {
        for (subject, figures) in subjects {
            for (name, figure) in figures {
                let known = budget.get(series).and_then(|known| known.get(subject));
                let known = known.and_then(|known| known.get(name)).copied();
                let verdict = Verdict::of(*figure, known);
                verdict.tell(&format!("{series} {subject} {name}"), *figure, known);
                held &= verdict != Verdict::Above;
            }
        }
    }
    if held {
        println!("budget: nothing costs more than it may");
    }
    held
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Above,
    Within,
    Below,
}

impl Verdict {
    fn of(figure: u64, known: Option<u64>) -> Self {
        let Some(known) = known else {
            return Self::Above;
        };
        if figure * 100 > known * (100 + TOLERATED_PERCENT) {
            Self::Above
        } else if figure * 100 < known * (100 - TOLERATED_PERCENT) {
            Self::Below
        } else {
            Self::Within
        }
    }

    fn tell(self, what: &str, figure: u64, known: Option<u64>) {
        let known = known.map_or_else(|| "nothing".to_owned(), |known| known.to_string());
        match self {
            Self::Above => println!("budget FAILED: {what}: {figure}, and {known} is allowed"),
            Self::Within => {}
            Self::Below => println!(
                "budget: {what}: {figure} where {known} is allowed; \
                 `cargo xtask bench --write-budget` tightens it"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_percent_more_is_tolerated_and_less_is_told() {
        let verdicts = [1021, 1020, 980, 979].map(|figure| Verdict::of(figure, Some(1000)));
        let expected = [
            Verdict::Above,
            Verdict::Within,
            Verdict::Within,
            Verdict::Below,
        ];
        assert_eq!(verdicts, expected);
    }

    #[test]
    fn a_figure_that_the_file_does_not_know_is_too_much() {
        assert_eq!(Verdict::of(1, None), Verdict::Above);
    }
}
