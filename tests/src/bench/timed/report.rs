//! What the clock brought out, for people.

use super::outcome::{Case, Forged, Outcome, Part};
use crate::bench::goals::{self, GoalRow, figure};
use crate::bench::plot::{Line, Plot, Shape};
use crate::bench::report::Instrument;
use crate::bench::table::Table;

impl Instrument for Outcome {
    fn heading(&self) -> String {
        format!("Time, Linux {}", self.surroundings.version())
    }

    fn surroundings(&self) -> String {
        let found = &self.surroundings;
        format!(
            "Linux {}, {}, {} processors, mitigations {}; load {} before and {} after; {} rounds of {} \
             packets on processor {}. Figures are medians, and those beside a control medians of the \
             rounds' ratios.",
            found.version(),
            found.processor,
            self.processors,
            found.mitigations,
            found.load,
            self.load_after,
            self.rounds,
            self.packets,
            self.pinned,
        )
    }

    fn tables(&self) -> Vec<Table> {
        let parts = Part::ALL.into_iter();
        let measured = parts.filter(|part| self.of(*part).next().is_some());
        let mut tables: Vec<_> = measured.map(|part| self.table(part)).collect();
        if self.of(Part::Peers).next().is_some() {
            tables.push(self.cache_table());
        }
        tables.extend(self.forged.as_ref().map(forged_table));
        tables
    }

    fn plots(&self) -> Vec<Plot> {
        let peers = (
            "peers",
            "Nodes at random: what a packet takes beside a redirect",
        );
        let sizes = (
            "sizes",
            "Size of a frame: what a packet takes beside a redirect",
        );
        let plots = [(Part::Peers, peers, true), (Part::Sizes, sizes, false)];
        plots
            .into_iter()
            .filter(|(part, ..)| self.of(*part).next().is_some())
            .map(|(part, (name, title), logarithmic)| Plot {
                name: name.to_owned(),
                title: title.to_owned(),
                unit: "÷ redirect".to_owned(),
                shape: Shape::Lines {
                    along: heads(part).1.to_owned(),
                    logarithmic,
                    lines: self.lines(part),
                },
            })
            .collect()
    }

    fn rejected(&self) -> Vec<String> {
        let lossy = self.cases.iter().filter(|case| !case.is_whole());
        let mut lines: Vec<_> = lossy.map(rejected).collect();
        let through = self.forged.iter().filter(|forged| !forged.was_refused());
        lines.extend(through.map(|forged| format!("rejected: {forged:?}")));
        lines
    }

    fn goals(&self) -> Vec<GoalRow> {
        let rows = goals::timed::ALL.iter();
        let kernel: Vec<_> = self.surroundings.kernel.split('.').take(2).collect();
        rows.map(|goal| goal.row(self, &format!("{}, time", kernel.join("."))))
            .collect()
    }
}

impl Forged {
    /// None arrived, and each was counted as what it is.
    fn was_refused(&self) -> bool {
        self.delivered == 0 && self.counters.get("in xdp src_mismatch") == Some(&self.offered)
    }
}

impl Outcome {
    fn of(&self, part: Part) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(move |case| case.part == part)
    }

    fn table(&self, part: Part) -> Table {
        let (unit, at, compared) = heads(part);
        let mut table = Table::new([
            "what",
            at,
            unit,
            "least",
            "most",
            compared,
            "delivered",
            "counted by the router",
        ]);
        for case in self.of(part) {
            let [least, median, most] = case.spread().unwrap_or_default();
            let [least, median, most] = [least, median, most].map(|it| part.figure(it));
            let compared = match part {
                Part::Alone => self
                    .beyond(part, &case.name, case.at)
                    .map(|it| part.figure(it)),
                _ => self.over(part, &case.name, case.at).map(figure),
            };
            table.row([
                case.title.clone(),
                Some(case.at)
                    .filter(|at| *at > 0)
                    .map_or_else(String::new, |at| at.to_string()),
                median,
                least,
                most,
                compared.unwrap_or_default(),
                share(case),
                counters(case),
            ]);
        }
        table
    }

    /// A line for each of our directions.
    fn lines(&self, part: Part) -> Vec<Line> {
        let ours = |case: &&Case| case.name != case.control;
        let mut lines: Vec<Line> = Vec::new();
        for case in self.of(part).filter(ours) {
            let over = self.over(part, &case.name, case.at);
            let Some(point) = over.map(|over| (f64::from(case.at), over)) else {
                continue;
            };
            match lines.iter_mut().find(|line| line.name == case.title) {
                Some(line) => line.points.push(point),
                None => lines.push(Line {
                    name: case.title.clone(),
                    points: vec![point],
                }),
            }
        }
        lines
    }

    /// What more nodes cost, and why.
    fn cache_table(&self) -> Table {
        let heads = [
            "what",
            "peers",
            "÷ redirect",
            "over one peer",
            "hits",
            "a miss, ns",
            "cache",
        ];
        let mut table = Table::new(heads);
        for case in self.of(Part::Peers).filter(|case| case.hits().is_some()) {
            table.row([
                case.title.clone(),
                case.at.to_string(),
                self.over(Part::Peers, &case.name, case.at)
                    .map(figure)
                    .unwrap_or_default(),
                self.growth(Part::Peers, &case.name, case.at)
                    .map(figure)
                    .unwrap_or_default(),
                case.hits()
                    .map(|hits| format!("{hits:.4}"))
                    .unwrap_or_default(),
                self.miss(case)
                    .map(|cost| format!("{cost:.0}"))
                    .unwrap_or_default(),
                self.cache_size(),
            ]);
        }
        table
    }

    /// What a miss takes longer than a hit: what the case grew by beyond its control, a miss.
    fn miss(&self, case: &Case) -> Option<f64> {
        let misses = 1.0 - case.hits()?;
        let beyond = |at| self.beyond(Part::Peers, &case.name, at);
        let growth = beyond(case.at)? - beyond(1)?;
        // Where most are hits they are dearer too, because more of the cache is in use.
        (misses > 0.5).then(|| growth / misses)
    }

    fn cache_size(&self) -> String {
        let Some(cache) = self.cache else {
            return String::new();
        };
        format!("{} × {} KiB", cache.entries, cache.octets / 1024)
    }
}

impl Part {
    /// A time is whole nanoseconds, a rate is not.
    fn figure(self, figure: f64) -> String {
        let places = match self {
            Self::Cores | Self::Tcp => 2,
            _ => 0,
        };
        format!("{figure:.places$}")
    }
}

/// The unit, what is chosen, and what a case is compared with.
const fn heads(part: Part) -> (&'static str, &'static str, &'static str) {
    match part {
        Part::Frames => ("ns a packet", "", "÷ redirect"),
        Part::Sizes => ("ns a packet", "octets", "÷ redirect"),
        Part::Peers => ("ns a packet", "peers", "÷ redirect"),
        Part::Cores => ("Mpps", "", "÷ one"),
        Part::Alone => ("ns a packet", "", "ns beyond the header alone"),
        Part::Tcp => ("Gbit/s", "", "÷ IPv6"),
    }
}

fn share(case: &Case) -> String {
    let share = goals::ratio(case.delivered, case.offered);
    let share = share.map(|share| format!("{share:.3}")).unwrap_or_default();
    match case.again {
        0 => share,
        again => format!("{share}, {again} again"),
    }
}

fn counters(case: &Case) -> String {
    let counters = case.counters.iter();
    let lines = counters.map(|(name, packets)| format!("{name} {packets}"));
    lines.collect::<Vec<_>>().join(", ")
}

fn rejected(case: &Case) -> String {
    let Case {
        part,
        name,
        at,
        offered,
        delivered,
        ..
    } = case;
    format!("rejected: {part:?} {name} {at}: {delivered} of {offered} packets arrived")
}

fn forged_table(forged: &Forged) -> Table {
    let mut table = Table::new([
        "forged packets sent",
        "let through",
        "counted by the router",
    ]);
    let counters = forged.counters.iter();
    let counted = counters.map(|(name, packets)| format!("{name} {packets}"));
    table.row([
        forged.offered.to_string(),
        forged.delivered.to_string(),
        counted.collect::<Vec<_>>().join(", "),
    ]);
    table
}
