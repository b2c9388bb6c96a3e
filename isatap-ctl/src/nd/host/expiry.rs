use std::time::Duration;

use isatap_common::nd::Lifetime;

use crate::clock::Boottime;

/// When something learned ends; the later is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Expiry {
    At(Boottime),
    Never,
}

impl Expiry {
    pub(super) fn after(now: Boottime, lifetime: Lifetime) -> Self {
        match lifetime {
            Lifetime::Seconds(seconds) => {
                Self::At(now.saturating_add(Duration::from_secs(seconds.into())))
            }
            Lifetime::Infinite => Self::Never,
        }
    }

    pub(super) fn is_past(self, now: Boottime) -> bool {
        self <= Self::At(now)
    }

    /// `None` is never.
    pub(super) fn time(self) -> Option<Boottime> {
        match self {
            Self::At(time) => Some(time),
            Self::Never => None,
        }
    }
}
