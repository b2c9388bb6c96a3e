//! Times of the maps, nanoseconds of `CLOCK_BOOTTIME`, as seconds from now.

use std::time::Duration;

use crate::clock::Boottime;

/// Seconds until `deadline`, zero when it is over; nothing if that is never.
pub(super) fn left(deadline: u64, now: Boottime) -> Option<u64> {
    let left = Duration::from_nanos(deadline).saturating_sub(now);
    (deadline != u64::MAX).then_some(left.as_secs())
}

/// Seconds since `time`; nothing if that was never.
pub(super) fn since(time: u64, now: Boottime) -> Option<u64> {
    let since = now.saturating_sub(Duration::from_nanos(time));
    (time != 0).then_some(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_not_a_number_of_seconds() {
        let now = Duration::from_secs(100);
        let at = |seconds: u64| seconds * 1_000_000_000;
        assert_eq!(left(u64::MAX, now), None);
        assert_eq!(left(at(160), now), Some(60));
        assert_eq!(left(at(40), now), Some(0));
        assert_eq!(since(0, now), None);
        assert_eq!(since(at(40), now), Some(60));
        assert_eq!(since(at(140), now), Some(0));
    }
}
