//! How late the event loop is.

use std::time::Duration;

use tokio::time::{Instant, Interval, interval};

use crate::control::LoopLag;

/// How often it looks. An idle daemon takes two thousandths of a processor for it at most.
const PACE: Duration = Duration::from_millis(100);
/// Steps of a histogram in which a time doubles: a figure is at most an eighth too high.
const STEPS: u32 = 8;
/// Times up to `u32::MAX` microseconds.
const BUCKETS: usize = (STEPS * 30) as usize;

/// A clock that the loop waits for beside everything else. When the loop was busy for longer than a
/// tick, those that were missed come after it, each with its own lateness: an event that had come at
/// any of these moments would have waited as long. The timer itself rounds up to a millisecond.
pub struct Ticker(Interval);

impl Ticker {
    /// Ticks from now on.
    pub fn start() -> Self {
        Self(interval(PACE))
    }

    /// Waits for the next tick; how late it is. Dropping the future loses none.
    pub async fn lateness(&mut self) -> Duration {
        let due: Instant = self.0.tick().await;
        due.elapsed()
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
        ticker.lateness().await;
        std::thread::sleep(3 * PACE);
        for least in [2 * PACE, PACE, Duration::ZERO] {
            let late = ticker.lateness().await;
            assert!(late >= least, "{late:?} after {least:?}");
        }
    }
}
