//! The figures for people.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::outcome::Outcome;
use crate::bench::goals::{self, control};
use crate::bench::table::Table;

const HEAD: &str = include_str!("control.md");

/// Prints everything, and writes the document; whether every host was answered.
pub fn report(outcome: &Outcome, document: Option<&Path>) -> Result<bool> {
    println!("\n{}\n", surroundings(outcome));
    for table in tables(outcome) {
        println!("{}", table.text());
    }
    if let Some(document) = document {
        fs::write(document, text(outcome)).with_context(|| document.display().to_string())?;
        println!("wrote {}", document.display());
    }
    Ok(outcome.unanswered() == Some(0))
}

/// The document.
pub fn text(outcome: &Outcome) -> String {
    let [goals, timings, storm, memory] = tables(outcome).map(|table| table.markdown());
    format!(
        "{HEAD}\n## Beside the goals\n\n{}\n\n{goals}\n## Times\n\n{timings}\n## Solicitations\n\n\
         {storm}\n## Memory\n\n{memory}",
        surroundings(outcome)
    )
}

/// Goals, times, solicitations and memory.
pub fn tables(outcome: &Outcome) -> [Table; 4] {
    [
        goals(outcome),
        timings(outcome),
        storms(outcome),
        memory(outcome),
    ]
}

/// What the figures depend on, in a line.
pub fn surroundings(outcome: &Outcome) -> String {
    let found = &outcome.surroundings;
    let rounds = outcome.timings.first().map(|timing| &timing.samples_us);
    format!(
        "Linux {}, {}, mitigations {}, load {}; {}; median of {} rounds.",
        found.kernel,
        found.processor,
        found.mitigations,
        found.load,
        outcome.program,
        rounds.map_or(0, Vec::len)
    )
}

/// What took how long.
pub fn timings(outcome: &Outcome) -> Table {
    let mut table = Table::new(["what", "median, ms", "least, ms", "most, ms"]);
    for timing in &outcome.timings {
        let least = timing.samples_us.iter().copied().min();
        let most = timing.samples_us.iter().copied().max();
        let [median, least, most] = [timing.median(), least, most].map(milliseconds);
        table.row([timing.title.clone(), median, least, most]);
    }
    table
}

/// What many hosts at once do to the daemon, once a round.
pub fn storms(outcome: &Outcome) -> Table {
    let heads = [
        "hosts that asked",
        "within, ms",
        "answered",
        "after, p50 and most, ms",
        "lag p50, ms",
        "lag p99, ms",
        "lag most, ms",
        "a sleeper's p99 and most, ms",
        "of a processor",
    ];
    let mut table = Table::new(heads);
    for storm in &outcome.storms {
        table.row([
            storm.asked.to_string(),
            storm.asked_within_ms.to_string(),
            storm.answered.to_string(),
            format!("{}, {}", storm.answer_p50_ms, storm.answer_max_ms),
            milliseconds(Some(storm.lag_p50_us)),
            milliseconds(Some(storm.lag_p99_us)),
            milliseconds(Some(storm.lag_max_us)),
            format!(
                "{}, {}",
                milliseconds(Some(storm.sleeper_p99_us)),
                milliseconds(Some(storm.sleeper_max_us))
            ),
            format!(
                "{:.1} %",
                f64::from(u32::try_from(storm.busy_permille).unwrap_or(u32::MAX)) / 10.0
            ),
        ]);
    }
    table
}

/// What many peers take.
pub fn memory(outcome: &Outcome) -> Table {
    let mut table = Table::new(["memory", "KiB"]);
    if let Some(memory) = &outcome.memory {
        let peers = memory.peers;
        for (what, kb) in [
            (
                format!("daemon beside {peers} peers, resident"),
                memory.resident_kb,
            ),
            ("daemon, the most it ever was".to_owned(), memory.peak_kb),
        ] {
            table.row([what, kb.to_string()]);
        }
        for (map, kb) in &memory.maps_kb {
            table.row([format!("kernel, map {map}"), kb.to_string()]);
        }
    }
    table
}

/// One row a goal.
pub fn goals(outcome: &Outcome) -> Table {
    let heads = ["#", "goal", "floor", "aim", "measured", "verdict"];
    let mut table = Table::new(heads);
    for goal in control::ALL {
        let (measured, verdict) = goal.judge(outcome);
        table.row([
            goal.number.to_string(),
            goal.title.to_owned(),
            goal.limit(goal.floor),
            goal.limit(goal.aim),
            measured.map(goals::figure).unwrap_or_default(),
            verdict.words().to_owned(),
        ]);
    }
    table
}

fn milliseconds(microseconds: Option<u64>) -> String {
    let figure = microseconds.and_then(|microseconds| goals::ratio(microseconds, 1000));
    figure.map(goals::figure).unwrap_or_default()
}
