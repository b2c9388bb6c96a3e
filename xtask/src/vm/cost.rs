//! What the cases of a guest cost here: emulation's seconds are not the guest's.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// `USER_HZ`, in which the kernel tells the time of a process.
const TICKS: f64 = 100.0;

/// Seconds of processor that a guest took, by case. Another load on this machine does not count.
pub struct Cost {
    process: u32,
    before: f64,
    cases: BTreeMap<String, f64>,
}

impl Cost {
    /// Of the guest in this process, from its start.
    pub const fn of(process: u32) -> Self {
        Self {
            process,
            before: 0.0,
            cases: BTreeMap::new(),
        }
    }

    /// A case has ended: what it took.
    pub fn ended(&mut self, case: &str) -> f64 {
        let now = self.now().unwrap_or(self.before);
        let took = now - self.before;
        self.before = now;
        self.cases.insert(case.to_owned(), took);
        took
    }

    /// Adds `host_seconds` to the cases in what the guest brought out; measuring brings none.
    pub fn add_to(&self, outcome: &Path) -> Result<()> {
        if !outcome.exists() {
            return Ok(());
        }
        let place = || outcome.display().to_string();
        let text = fs::read_to_string(outcome).with_context(place)?;
        let mut document: Value = serde_json::from_str(&text).with_context(place)?;
        let cases = document.get_mut("cases").and_then(Value::as_array_mut);
        for case in cases.into_iter().flatten() {
            let name = case.get("name").and_then(Value::as_str);
            let took = name.and_then(|name| self.cases.get(name)).copied();
            if let Some((took, fields)) = took.zip(case.as_object_mut()) {
                fields.insert("host_seconds".to_owned(), json!(took));
            }
        }
        fs::write(outcome, serde_json::to_string_pretty(&document)?).with_context(place)
    }

    /// proc(5): the name, in brackets, may have spaces; user and system time are fields 14 and 15.
    fn now(&self) -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process)).ok()?;
        ticks(&stat).map(|ticks| ticks / TICKS)
    }
}

fn ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).take(2);
    let mut next = || times.next()?.parse::<f64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 1 0 5 1 1";
        assert_eq!(ticks(stat), Some(300.0));
        assert_eq!(ticks("7 (a) S 1"), None);
    }
}
