//! The figures for people.

use super::outcome::Outcome;
use crate::bench::goals::{self, GoalRow, control};
use crate::bench::plot::Plot;
use crate::bench::report::Instrument;
use crate::bench::table::Table;

impl Instrument for Outcome {
    fn heading(&self) -> String {
        format!("The control plane, Linux {}", self.surroundings.version())
    }

    fn surroundings(&self) -> String {
        let found = &self.surroundings;
        let rounds = self.timings.first().map(|timing| &timing.samples_us);
        format!(
            "Linux {}, {}, mitigations {}, load {}; {}; median of {} rounds.",
            found.version(),
            found.processor,
            found.mitigations,
            found.load,
            self.program,
            rounds.map_or(0, Vec::len)
        )
    }

    fn tables(&self) -> Vec<Table> {
        vec![timings(self), storms(self), memory(self)]
    }

    fn plots(&self) -> Vec<Plot> {
        Vec::new()
    }

    fn rejected(&self) -> Vec<String> {
        let unanswered = self.unanswered().filter(|hosts| *hosts > 0);
        let line = |hosts| format!("rejected: {hosts} hosts got no answer");
        unanswered.map(line).into_iter().collect()
    }

    fn goals(&self) -> Vec<GoalRow> {
        let place = self.surroundings.version();
        let rows = control::ALL.iter().map(|goal| goal.row(self, place));
        rows.collect()
    }
}

/// What took how long.
fn timings(outcome: &Outcome) -> Table {
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
fn storms(outcome: &Outcome) -> Table {
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
fn memory(outcome: &Outcome) -> Table {
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

fn milliseconds(microseconds: Option<u64>) -> String {
    let figure = microseconds.and_then(|microseconds| goals::ratio(microseconds, 1000));
    figure.map(goals::figure).unwrap_or_default()
}
