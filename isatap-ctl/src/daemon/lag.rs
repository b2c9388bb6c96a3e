//! How late the event loop is.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::control::LoopLag;

/// How often it looks while the loop has work.
const PACE: Duration = Duration::from_millis(100);
/// And while it has none to speak of: a machine that has nothing to do shall sleep.
const IDLE_PACE: Duration = Duration::from_secs(1);
/// With so many turns of the loop for each [`PACE`] it has work.
const TURNS: u32 = 2;
/// Steps of a histogram in which a time doubles: a figure is at most an eighth too high.
const STEPS: u32 = 8;
/// Times up to `u32::MAX` microseconds.
const BUCKETS: usize = (STEPS * 30) as usize;

/// A clock that the loop waits for beside everything else. When the loop was busy for longer than a
/// tick, those that were missed come after it, each with its own lateness: an event that had come at
/// any of these moments would have waited as long. The timer itself rounds up to a millisecond.
pub struct Ticker {
    due: Instant,
    pace: Duration,
    turns: u32,
}

impl Ticker {
    /// Ticks from now on.
    pub fn start() -> Self {
        Self {
            due: Instant::now(),
            pace: PACE,
            turns: 0,
        }
    }

    /// The loop begins a turn.
    pub const fn turn(&mut self) {
        self.turns = self.turns.saturating_add(1);
    }

    /// Waits for the next tick; how late it is. Dropping the future loses none.
    pub async fn lateness(&mut self) -> Duration {
        sleep_until(self.due).await;
        let lateness = self.due.elapsed();
        self.pace = next(self.pace, self.turns, lateness);
        self.turns = 0;
        self.due += self.pace;
        lateness
    }
}

/// The time to the next tick, after one that came so late and turns that took `span`.
fn next(span: Duration, turns: u32, lateness: Duration) -> Duration {
    let is_idle = PACE.saturating_mul(turns) <= span.saturating_mul(TURNS);
    if is_idle && lateness <= PACE {
        IDLE_PACE
    } else {
        PACE
    }
}

/// How late the loop was, since it started.
#[derive(Clone, Debug)]
pub struct Lag {
    buckets: [u64; BUCKETS],
    ticks: u64,
    most: u32,
}

impl Default for Lag {
    fn default() -> Self {
        Self {
            buckets: [0; BUCKETS],
            ticks: 0,
            most: 0,
        }
    }
}

impl Lag {
    /// Takes the lateness of a tick.
    pub fn note(&mut self, lateness: Duration) {
        let microseconds = u32::try_from(lateness.as_micros()).unwrap_or(u32::MAX);
        if let Some(bucket) = self.buckets.get_mut(bucket(microseconds)) {
            *bucket += 1;
        }
        self.ticks += 1;
        self.most = self.most.max(microseconds);
    }

    /// The figures for people.
    pub fn figures(&self) -> LoopLag {
        LoopLag {
            ticks: self.ticks,
            p50_microseconds: self.of_a_hundred(50),
            p99_microseconds: self.of_a_hundred(99),
            max_microseconds: self.most,
        }
    }

    /// The least time that `share` of a hundred ticks were not later than.
    fn of_a_hundred(&self, share: u64) -> u32 {
        let enough = (self.ticks * share).div_ceil(100);
        let mut seen = 0;
        let place = self.buckets.iter().position(|count| {
            seen += count;
            seen >= enough
        });
        place.map_or(self.most, longest).min(self.most)
    }
}

/// The bucket of a time: of its own below [`STEPS`], then [`STEPS`] for each power of two.
fn bucket(microseconds: u32) -> usize {
    let octave = microseconds.max(1).ilog2().saturating_sub(STEPS.ilog2());
    (octave * STEPS + (microseconds >> octave)) as usize
}

/// The longest time of a bucket.
fn longest(bucket: usize) -> u32 {
    let bucket = bucket as u32;
    let octave = (bucket / STEPS).saturating_sub(1);
    let above = u64::from(bucket - octave * STEPS + 1) << octave;
    u32::try_from(above - 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_its_bucket() {
        assert_eq!(bucket(u32::MAX), BUCKETS - 1);
        assert_eq!(longest(BUCKETS - 1), u32::MAX);
        for microseconds in (0..10_000).chain([1 << 20, (1 << 31) - 1, 1 << 31]) {
            let place = bucket(microseconds);
            assert!(longest(place) >= microseconds, "{microseconds}");
            assert!(place == 0 || longest(place - 1) < microseconds);
            let most = u64::from(microseconds) + u64::from(microseconds / STEPS);
            assert!(u64::from(longest(place)) <= most, "{microseconds}");
        }
    }

    #[test]
    fn figures_are_of_the_ticks_that_came() {
        let mut lag = Lag::default();
        assert_eq!(lag.figures(), LoopLag::default());
        for _ in 0..989 {
            lag.note(Duration::from_micros(500));
        }
        for late in 1..=11 {
            lag.note(Duration::from_millis(late));
        }
        let figures = lag.figures();
        assert_eq!((figures.ticks, figures.max_microseconds), (1000, 11_000));
        assert_eq!(figures.p50_microseconds, 511);
        assert_eq!(figures.p99_microseconds, longest(bucket(1000)));
    }

    #[tokio::test]
    async fn ticks_that_a_busy_loop_missed_are_made_up_for() {
        let mut ticker = Ticker::start();
        std::thread::sleep(3 * PACE);
        for least in [3 * PACE, 2 * PACE, PACE] {
            let late = ticker.lateness().await;
            assert!(late >= least, "{late:?} after {least:?}");
        }
    }

    #[test]
    fn a_loop_that_has_work_is_looked_at_more_often() {
        assert_eq!(next(IDLE_PACE, 20, Duration::ZERO), IDLE_PACE);
        assert_eq!(next(IDLE_PACE, 21, Duration::ZERO), PACE);
        assert_eq!(next(PACE, 3, Duration::ZERO), PACE);
        assert_eq!(next(PACE, 2, Duration::ZERO), IDLE_PACE);
        assert_eq!(next(PACE, u32::MAX, Duration::ZERO), PACE);
    }

    #[test]
    fn a_loop_that_was_held_up_has_work() {
        assert_eq!(next(IDLE_PACE, 1, 2 * PACE), PACE);
    }
}
