use std::time::Duration;

use crate::clock::Boottime;

/// How far a burst may run ahead of the rate: one tick of a busy daemon.
const BURST: Duration = Duration::from_millis(50);

/// A token bucket, kept as the time at which it will be full.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    interval: Duration,
    full_at: Boottime,
}

impl Bucket {
    /// `rate` tokens a second, at least one.
    pub(crate) fn new(rate: u32) -> Self {
        Self {
            interval: Duration::from_secs(1) / rate.max(1),
            full_at: Boottime::ZERO,
        }
    }

    /// When the next token is there, which may be past.
    pub(crate) fn ready_at(&self) -> Boottime {
        let burst = BURST.max(self.interval);
        (self.full_at + self.interval).saturating_sub(burst)
    }

    /// Takes `count` tokens if there is one; what it took too many is missing afterwards.
    pub(crate) fn take(&mut self, now: Boottime, count: u32) -> bool {
        let ready = self.ready_at() <= now;
        if ready {
            self.full_at = self.full_at.max(now) + self.interval * count;
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_yields_the_rate_and_one_burst() {
        for rate in [1, 7, 1000] {
            let mut bucket = Bucket::new(rate);
            let start = Duration::from_secs(100);
            let ticks = (0..10_000).map(|tick| start + Duration::from_micros(tick * 100));
            let taken = ticks.filter(|now| bucket.take(*now, 1)).count();
            let rate = rate as usize;
            assert!(
                (rate..=rate + rate / 20 + 1).contains(&taken),
                "{taken} of {rate}"
            );
        }
    }

    #[test]
    fn several_tokens_at_once_are_paid_for_afterwards() {
        let mut bucket = Bucket::new(1000);
        let start = Duration::from_secs(100);
        let ticks = (0..20_000).map(|tick| start + Duration::from_micros(tick * 100));
        let taken = ticks.filter(|now| bucket.take(*now, 30)).count();
        assert!((66..=69).contains(&taken), "{taken} times 30 in 2 s");
    }
}
