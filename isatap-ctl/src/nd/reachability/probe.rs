use crate::clock::Boottime;

use super::timing::Timing;

/// `MAX_UNICAST_SOLICIT` (RFC 4861 section 10).
pub(super) const TRIES: u32 = 3;

/// Solicitations to one neighbour, until one is answered or none is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Round {
    /// Solicitations that are still to be sent.
    left: u32,
    /// When to send the next, or to give up.
    pub(super) next: Boottime,
    /// Whether something else than the silence of the neighbour itself speaks against it.
    pub(super) hinted: bool,
}

/// What comes next in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Wait,
    Ask,
    GiveUp,
}

impl Round {
    /// One of `tries` solicitations, from `start` on.
    pub(super) fn new(tries: u32, start: Boottime, hinted: bool) -> Self {
        Self {
            left: tries,
            next: start,
            hinted,
        }
    }

    /// Takes the step that is due at `now`.
    pub(super) fn step(&mut self, now: Boottime, timing: Timing) -> Turn {
        if now < self.next {
            return Turn::Wait;
        }
        // Whoever comes so late was asleep, and may have slept through the answers.
        if now.saturating_sub(self.next) >= timing.retrans() {
            self.left = TRIES;
        }
        if self.left == 0 {
            return Turn::GiveUp;
        }
        self.left = self.left.saturating_sub(1);
        // Hints may give a neighbour up sooner (RFC 4861 section 7.3.3).
        let wait = if self.left == 0 && self.hinted {
            timing.retrans() / 2
        } else {
            timing.retrans()
        };
        self.next = now.saturating_add(wait);
        Turn::Ask
    }
}
