//! The figures for people: on the terminal, and as docs/performance.md.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;

use super::control::outcome as control;
use super::evidence;
use super::goals::{self, GoalRow};
use super::outcome::{self, Case, Outcome};
use super::plot::{Plot, Shape};
use super::table::Table;
use super::timed::outcome as timed;
use crate::interop::outcome::Program;

/// The routers of the plot.
const BARS: [&str; 9] = [
    "drop",
    "redirect-in",
    "xdp-decap",
    "xdp-encap",
    "forward",
    "tc-decap",
    "tc-encap",
    "sit-decap",
    "sit-encap",
];

const HEAD: &str = include_str!("performance.md");

/// What one run of one instrument adds to the report.
pub trait Instrument {
    /// Above its tables.
    fn heading(&self) -> String;
    /// What its figures depend on.
    fn surroundings(&self) -> String;
    /// Its figures.
    fn tables(&self) -> Vec<Table>;
    /// Its pictures.
    fn plots(&self) -> Vec<Plot>;
    /// A line for each case that is not believed.
    fn rejected(&self) -> Vec<String>;
    /// Its rows of the table of goals.
    fn goals(&self) -> Vec<GoalRow>;
}

/// Prints what instruments brought out, draws the plots into a directory and writes the document,
/// which is beside it; whether no case lost a packet and no
/// forged one got through.
pub fn report(results: &[PathBuf], plots: &Path, document: Option<&Path>) -> Result<bool> {
    let instruments = results.iter().map(|directory| read(directory));
    let instruments = instruments.collect::<Result<Vec<_>>>()?;
    for instrument in &instruments {
        println!("\n{}", instrument.surroundings());
        for table in instrument.tables() {
            println!("\n{}", table.text().trim_end());
        }
        for line in instrument.rejected() {
            println!("{line}");
        }
    }
    println!("\n{}", goals(&instruments).text());
    fs::create_dir_all(plots).with_context(|| plots.display().to_string())?;
    for plot in instruments.iter().flat_map(|instrument| instrument.plots()) {
        plot.draw(plots)?;
    }
    println!("drew {}/*.svg", plots.display());
    if let Some(document) = document {
        fs::write(document, text(&instruments)?).with_context(|| document.display().to_string())?;
        println!("wrote {}", document.display());
    }
    let rejected: usize = instruments.iter().map(|one| one.rejected().len()).sum();
    Ok(rejected == 0)
}

/// Each instrument has a file of its own name.
fn read(directory: &Path) -> Result<Box<dyn Instrument>> {
    let timed = directory.join(timed::FILE);
    if timed.exists() {
        return Ok(Box::new(parse::<timed::Outcome>(&timed)?));
    }
    let control = directory.join(control::FILE);
    if control.exists() {
        return Ok(Box::new(parse::<control::Outcome>(&control)?));
    }
    Ok(Box::new(parse::<Outcome>(&directory.join(outcome::FILE))?))
}

fn parse<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}

fn text(instruments: &[Box<dyn Instrument>]) -> Result<String> {
    let mut text = HEAD.to_owned();
    let goals = goals(instruments).markdown();
    writeln!(text, "\n## Beside the goals\n\n{goals}")?;
    for instrument in instruments {
        writeln!(text, "## {}\n", instrument.heading())?;
        writeln!(text, "{}\n", instrument.surroundings())?;
        for table in instrument.tables() {
            writeln!(text, "{}", table.markdown())?;
        }
        for plot in instrument.plots() {
            writeln!(text, "{}\n", plot.markdown())?;
        }
    }
    Ok(format!("{}\n", text.trim_end()))
}

/// One row a goal and machine.
fn goals(instruments: &[Box<dyn Instrument>]) -> Table {
    let mut rows: Vec<_> = instruments
        .iter()
        .flat_map(|instrument| instrument.goals())
        .collect();
    rows.sort_by_key(|(number, _)| *number);
    let heads = ["#", "goal", "floor", "aim", "kernel", "measured", "verdict"];
    let mut table = Table::new(heads);
    for (_, row) in rows {
        table.row(row);
    }
    table
}

impl Instrument for Outcome {
    fn heading(&self) -> String {
        format!("Linux {}", self.series())
    }

    fn surroundings(&self) -> String {
        surroundings(self)
    }

    fn tables(&self) -> Vec<Table> {
        let mut tables = vec![cases(self), programs(self)];
        tables.extend(evidence::tables(self));
        tables
    }

    fn plots(&self) -> Vec<Plot> {
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let bar = |name: &&str| {
            let case = self.best(name)?;
            Some((case.title.clone(), case.cost()? as f64))
        };
        vec![Plot {
            name: format!("instructions-{}", self.series()),
            title: format!("Instructions a packet, Linux {}", self.series()),
            unit: "instructions".to_owned(),
            shape: Shape::Bars(BARS.iter().filter_map(bar).collect()),
        }]
    }

    fn rejected(&self) -> Vec<String> {
        rejected(self).collect()
    }

    fn goals(&self) -> Vec<GoalRow> {
        let rows = goals::counted::ALL.iter();
        rows.map(|goal| goal.row(self, &self.series())).collect()
    }
}

fn surroundings(outcome: &Outcome) -> String {
    let found = &outcome.surroundings;
    let rounds = outcome.cases.first().map_or(0, |case| case.costs.len());
    format!(
        "Linux {}, {}, mitigations {}, load {}, {}; median of {rounds} rounds of {} packets.",
        found.version(),
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
