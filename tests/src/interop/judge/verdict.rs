//! What the captures say about each case.

use std::path::Path;

use anyhow::Result;

use super::{frames, wireshark};
use crate::interop::case::Case;
use crate::interop::outcome::{Captured, Must, Outcome, Played};

/// One machine and its verdicts.
#[derive(Debug)]
pub struct Machine {
    /// What it brought out.
    pub outcome: Outcome,
    /// In the order of the cases that were played.
    pub verdicts: Vec<Verdict>,
}

/// What came of one case.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The case.
    pub case: &'static Case,
    /// What happened inside.
    pub played: Played,
    /// How many expectations about packets were looked at.
    pub looked_at: usize,
    /// Why it did not hold; empty if it did.
    pub failures: Vec<String>,
}

impl Machine {
    /// Reads the captures.
    pub fn judge(outcome: Outcome, directory: &Path) -> Result<Self> {
        let mut verdicts = Vec::new();
        for case in Case::all() {
            let played = outcome.cases.iter().find(|played| played.name == case.name);
            if let Some(played) = played {
                verdicts.push(Verdict::of(case, played, &directory.join(case.name))?);
            }
        }
        Ok(Self { outcome, verdicts })
    }

    /// Whether all cases held, and there were some.
    pub fn held(&self) -> bool {
        !self.verdicts.is_empty() && self.verdicts.iter().all(Verdict::held)
    }

    /// `6.1` of `6.1.0-56-cloud-amd64`.
    pub fn series(&self) -> String {
        let mut numbers = self.outcome.kernel.split('.');
        let (major, minor) = (numbers.next(), numbers.next());
        format!("{}.{}", major.unwrap_or("?"), minor.unwrap_or("?"))
    }

    /// The verdict on a case, if it was played.
    pub fn verdict(&self, case: &Case) -> Option<&Verdict> {
        self.verdicts
            .iter()
            .find(|verdict| verdict.case.name == case.name)
    }
}

/// Gives each machine the verdicts on cases that only another played.
pub fn share(machines: &mut [Machine]) {
    let all: Vec<Verdict> = machines
        .iter()
        .flat_map(|machine| machine.verdicts.iter().cloned())
        .collect();
    for machine in machines {
        let others = all
            .iter()
            .filter(|verdict| machine.verdict(verdict.case).is_none());
        let others: Vec<Verdict> = others.cloned().collect();
        machine.verdicts.extend(others);
    }
}

impl Verdict {
    fn of(case: &'static Case, played: &Played, directory: &Path) -> Result<Self> {
        let mut verdict = Self {
            case,
            played: played.clone(),
            looked_at: 0,
            failures: played.error.iter().cloned().collect(),
        };
        for captured in &played.captures {
            verdict.look(captured, directory)?;
        }
        Ok(verdict)
    }

    /// Whether it held, inside and on the wire.
    pub fn held(&self) -> bool {
        self.failures.is_empty()
    }

    fn look(&mut self, captured: &Captured, directory: &Path) -> Result<()> {
        let file = directory.join(&captured.file);
        let expectations = &captured.expectations;
        let filters: Vec<_> = expectations.iter().map(|one| one.filter.as_str()).collect();
        let counts = wireshark::count(&file, &filters)?;
        for (expectation, found) in expectations.iter().zip(counts) {
            let says = &expectation.says;
            let failure = match &expectation.must {
                Must::Count { least, most } => {
                    let most = most.unwrap_or(u64::MAX);
                    (found < *least || found > most).then(|| format!("{found} packets"))
                }
                Must::Be { expressions } => {
                    frames::compare(&file, &expectation.filter, expressions)?
                }
            };
            self.looked_at += 1;
            if let Some(failure) = failure {
                let (name, filter) = (&captured.file, &expectation.filter);
                self.failures
                    .push(format!("{name}: not so: {says}\n{failure} of: {filter}"));
            }
        }
        Ok(())
    }
}
