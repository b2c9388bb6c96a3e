use std::time::Duration;

use crate::clock::Boottime;

/// Until when something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// That moment excluded.
    Moment(Boottime),
    /// For ever.
    Forever,
}

impl Until {
    /// `seconds` from now; all ones is for ever (RFC 4861 section 4.6.2).
    pub fn after(now: Boottime, seconds: u32) -> Self {
        if seconds == u32::MAX {
            return Self::Forever;
        }
        Self::Moment(now + Duration::from_secs(u64::from(seconds)))
    }

    /// Whether it still holds.
    pub fn holds(self, now: Boottime) -> bool {
        self > Self::Moment(now)
    }

    /// The moment, or `None` for ever.
    pub const fn moment(self) -> Option<Boottime> {
        match self {
            Self::Moment(moment) => Some(moment),
            Self::Forever => None,
        }
    }
}
