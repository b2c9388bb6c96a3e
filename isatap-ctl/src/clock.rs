//! The one clock: lifetimes and timers count `CLOCK_BOOTTIME`, which neither jumps with the wall
//! clock nor stands still in suspend.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Time since boot, suspend included.
pub type Boottime = Duration;

/// The time now.
pub fn now() -> Boottime {
    // CLOCK_BOOTTIME exists since Linux 2.6.39, so reading it cannot fail.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}
