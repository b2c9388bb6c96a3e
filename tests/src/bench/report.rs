//! The figures for people: on the terminal, and as docs/performance.md.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::evidence;
use super::goals::{self, Goal, Verdict};
use super::outcome::{self, Case, Outcome};
use super::table::Table;
use crate::interop::outcome::Program;

const HEAD: &str = include_str!("performance.md");

/// Prints what machines brought out, and writes the document; whether no case lost a packet and no
/// forged one got through.
pub fn report(results: &[PathBuf], document: Option<&Path>) -> Result<bool> {
    let outcomes = results.iter().map(|directory| read(directory));
    let outcomes = outcomes.collect::<Result<Vec<_>>>()?;
    for outcome in &outcomes {
        println!("\n{}", surroundings(outcome));
        println!("\n{}", cases(outcome).text());
        println!("{}", programs(outcome).text());
        for table in evidence::tables(outcome) {
            println!("{}", table.text());
        }
        rejected(outcome).for_each(|line| println!("{line}"));
    }
    println!("{}", goals(&outcomes).text());
    if let Some(document) = document {
        fs::write(document, text(&outcomes)?).with_context(|| document.display().to_string())?;
        println!("wrote {}", document.display());
    }
    Ok(outcomes
        .iter()
        .all(|outcome| rejected(outcome).next().is_none()))
}

fn read(directory: &Path) -> Result<Outcome> {
    let file = directory.join(outcome::FILE);
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}

fn text(outcomes: &[Outcome]) -> Result<String> {
    let mut text = HEAD.to_owned();
    writeln!(
        text,
        "\n## Beside the goals\n\n{}",
        goals(outcomes).markdown()
    )?;
    for outcome in outcomes {
        writeln!(text, "## Linux {}\n", outcome.series())?;
        writeln!(text, "{}\n", surroundings(outcome))?;
        writeln!(text, "{}", cases(outcome).markdown())?;
        writeln!(text, "{}", programs(outcome).markdown())?;
        for table in evidence::tables(outcome) {
            writeln!(text, "{}", table.markdown())?;
        }
    }
    Ok(format!("{}\n", text.trim_end()))
}

fn surroundings(outcome: &Outcome) -> String {
    let found = &outcome.surroundings;
    let rounds = outcome.cases.first().map_or(0, |case| case.costs.len());
    format!(
        "Linux {}, {}, mitigations {}, load {}, {}; median of {rounds} rounds of {} packets.",
        found.kernel,
        found.processor,
        found.mitigations,
        found.load,
        found.accelerator,
        outcome.packets
    )
}

fn cases(outcome: &Outcome) -> Table {
    let heads = [
        "what",
        "in, out",
        "instructions",
        "÷ redirect",
        "sit ÷ it",
        "delivered",
        "counted by the router",
    ];
    let mut table = Table::new(heads);
    let is_best = |case: &&Case| {
        outcome
            .best(&case.name)
            .is_none_or(|best| std::ptr::eq(best, *case))
    };
    for case in outcome.cases.iter().filter(is_best) {
        let (redirect, sit) = case.beside();
        let ratio = |one, other| Some(goals::figure(goals::ratio(one?, other?)?));
        let cost = case.cost();
        let redirect = ratio(cost, outcome.cost(redirect));
        let sit = ratio(outcome.cost(sit), cost).filter(|_| case.name.contains("cap"));
        let counters: Vec<_> = case
            .counters
            .iter()
            .map(|(name, packets)| format!("{name} {packets}"))
            .collect();
        table.row([
            case.title.clone(),
            format!("{:?}, {:?}", case.entrance, case.sink),
            cost.unwrap_or_default().to_string(),
            redirect.unwrap_or_default(),
            sit.unwrap_or_default(),
            format!("{:.3}", case.share()),
            counters.join(", "),
        ]);
    }
    table
}

fn programs(outcome: &Outcome) -> Table {
    let mut table = Table::new(["program", "translated", "machine code", "verified", "stack"]);
    for program in &outcome.programs {
        let Program {
            name,
            verified,
            stack,
            translated,
            compiled,
        } = program;
        let sizes = [translated, compiled, verified, stack].map(u64::to_string);
        let [translated, compiled, verified, stack] = sizes;
        table.row([name.clone(), translated, compiled, verified, stack]);
    }
    table
}

fn rejected(outcome: &Outcome) -> impl Iterator<Item = String> {
    let forged = outcome.forged.iter().filter(|forged| !forged.is_refused());
    let forged = forged.map(|forged| {
        let (what, counter) = (&forged.what, &forged.counter);
        format!("rejected: forged frames ({what}) were not all dropped as \"{counter}\"")
    });
    let cases = outcome.cases.iter().filter(|case| !case.is_whole());
    let cases = cases.map(|case| {
        let Case {
            name,
            entrance,
            sink,
            offered,
            delivered,
            ..
        } = case;
        format!(
            "rejected: {name} ({entrance:?}, {sink:?}) delivered {delivered} of {offered} packets"
        )
    });
    cases.chain(forged)
}

/// One row a goal and kernel.
fn goals(outcomes: &[Outcome]) -> Table {
    let heads = ["#", "goal", "floor", "aim", "kernel", "measured", "verdict"];
    let mut table = Table::new(heads);
    for goal in goals::counted::ALL {
        for outcome in outcomes {
            let (measured, verdict) = goal.judge(outcome);
            table.row(row(goal, outcome, measured, verdict));
        }
    }
    table
}

fn row(
    goal: &Goal<Outcome>,
    outcome: &Outcome,
    measured: Option<f64>,
    verdict: Verdict,
) -> [String; 7] {
    [
        goal.number.to_string(),
        goal.title.to_owned(),
        goal.limit(goal.floor),
        goal.limit(goal.aim),
        outcome.series(),
        measured.map(goals::figure).unwrap_or_default(),
        verdict.words().to_owned(),
    ]
}
