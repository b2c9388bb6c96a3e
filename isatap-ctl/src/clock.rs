//! The one clock: lifetimes and timers count `CLOCK_BOOTTIME`, which neither jumps with the wall
//! clock nor stands still in suspend.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Time since boot, suspend included.
pub type Boottime = Duration;

/// How far the two clocks part in a suspend that is worth noticing.
const SUSPEND: Duration = Duration::from_secs(1);

/// Notices that the machine was suspended: `CLOCK_MONOTONIC` stands still meanwhile.
#[derive(Debug, Default)]
pub struct Suspends {
    lead: Option<Duration>,
}

impl Suspends {
    /// Takes the time since boot with suspend and without. Returns whether the machine slept since
    /// the last call.
    pub fn note(&mut self, boottime: Boottime, monotonic: Duration) -> bool {
        let lead = boottime.saturating_sub(monotonic);
        let known = self.lead.replace(lead);
        known.is_some_and(|known| lead.saturating_sub(known) >= SUSPEND)
    }
}

/// Time since boot, suspend not included.
pub fn monotonic() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

/// The time now.
pub fn now() -> Boottime {
    // CLOCK_BOOTTIME exists since Linux 2.6.39, so reading it cannot fail.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_suspend_parts_the_clocks() {
        let mut suspends = Suspends::default();
        let mut noted = |boottime, monotonic| {
            suspends.note(
                Duration::from_millis(boottime),
                Duration::from_millis(monotonic),
            )
        };
        // A machine that slept before this process started.
        assert!(!noted(90_000, 50_000));
        // However long the process did not run, and whichever clock was read first.
        assert!(!noted(390_001, 350_000));
        assert!(!noted(390_001, 350_001));
        assert!(noted(400_000, 350_100));
        assert!(!noted(400_100, 350_200));
    }

    #[test]
    fn the_clocks_of_this_machine_go_together() {
        let mut suspends = Suspends::default();
        assert!(!suspends.note(now(), monotonic()));
        std::thread::sleep(Duration::from_millis(5));
        assert!(!suspends.note(now(), monotonic()));
    }
}
