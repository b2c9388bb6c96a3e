//! Many sequences. One that fails is made as short as it can be, and printed.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use fastrand::Rng;

use super::event::{self, Event};
use super::model::Seen;
use super::play::{Tally, play};

/// What a campaign came to.
#[derive(Debug, Default)]
pub struct Report {
    seed: u64,
    sequences: u64,
    all: Tally,
    took: Duration,
}

/// Plays the sequences of `seed` and of those that follow it, and prints what happened. Ends at the
/// first broken promise.
pub fn run(seed: u64, sequences: u64) -> Report {
    let start = Instant::now();
    let mut report = Report {
        seed,
        sequences,
        ..Report::default()
    };
    for number in 0..sequences {
        let seed = seed.wrapping_add(number);
        let events = event::sequence(&mut Rng::with_seed(seed));
        match play_safely(&events) {
            Ok(tally) => report.add(&tally),
            Err(_) => fail(seed, events),
        }
    }
    report.took = start.elapsed();
    println!("{report}");
    report
}

/// A panic of the host is a broken promise too.
fn play_safely(events: &[Event]) -> Result<Tally> {
    let played = panic::catch_unwind(AssertUnwindSafe(|| play(events)));
    played.unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| cause.downcast_ref::<&str>().copied());
        Err(anyhow!("panic: {}", text.unwrap_or("of no words")))
    })
}

fn fail(seed: u64, mut events: Vec<Event>) -> ! {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    shorten(&mut events);
    let error = play_safely(&events).err();
    panic::set_hook(hook);
    let told: Vec<_> = events.iter().map(|event| format!("{event:?}")).collect();
    panic!(
        "{:#}\n  {}\nwith ISATAP_SEED={seed} ISATAP_SEQUENCES=1",
        error.expect("it failed a moment ago"),
        told.join("\n  ")
    );
}

/// Leaves every event out without which a promise is broken all the same.
fn shorten(events: &mut Vec<Event>) {
    let mut at = events.len();
    while let Some(next) = at.checked_sub(1) {
        at = next;
        let event = events.remove(at);
        if play_safely(events).is_ok() {
            events.insert(at, event);
        }
    }
}

impl Report {
    fn add(&mut self, tally: &Tally) {
        self.all.events += tally.events;
        self.all.believed += tally.believed;
        for (why, count) in &tally.refused {
            *self.all.refused.entry(why).or_default() += count;
        }
        let (all, seen) = (&mut self.all.seen, tally.seen);
        all.two_hours += seen.two_hours;
        all.preferred_too_long += seen.preferred_too_long;
        all.other_lengths += seen.other_lengths;
    }

    /// Every rule was of consequence: sequences that are all refused prove nothing.
    pub fn is_broad(&self) {
        let Self { sequences, all, .. } = self;
        let Seen {
            two_hours,
            preferred_too_long,
            other_lengths,
        } = all.seen;
        let least = sequences / 100;
        let refused = [
            "invalid",
            "source",
            "destination",
            "unlisted",
            "unsolicited",
        ];
        let refused = refused.map(|why| all.refused.get(why).copied().unwrap_or(0));
        let rules = [two_hours, preferred_too_long, other_lengths];
        let counts = [&refused[..], &rules].concat();
        assert!(counts.iter().all(|count| *count >= least), "{self}");
        assert!(all.believed >= *sequences, "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            events,
            believed,
            refused,
            seen,
        } = &self.all;
        let milliseconds = self.took.as_millis().max(1);
        let rate = u128::from(self.sequences) * 1000 / milliseconds;
        let refused: BTreeMap<_, _> = refused.iter().collect();
        write!(
            f,
            "seed {}: {} sequences of {events} events in {milliseconds} ms, {rate} a second; \
             {believed} advertisements believed, refused {refused:?}; {seen:?}",
            self.seed, self.sequences
        )
    }
}
