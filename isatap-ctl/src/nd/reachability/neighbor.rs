use std::net::Ipv6Addr;
use std::time::Duration;

use isatap_common::abi::Reachability;

use super::probe::{Round, TRIES, Turn};
use super::timing::Timing;
use crate::clock::Boottime;

/// `DELAY_FIRST_PROBE_TIME` (RFC 4861 section 10).
const DELAY: Duration = Duration::from_secs(5);
/// A neighbour to which packets flow, and from which none came for so long, is suspect.
const SILENCE: Duration = Duration::from_millis(400);
/// Programs account for what they sent once a second, so packets flow for so long after they did.
const IN_USE: Duration = Duration::from_millis(1500);
/// Least time between attempts to use an unreachable neighbour again (RFC 4191 section 3.5).
const REVISIT: Duration = Duration::from_mins(1);

/// Packets that were exchanged with a neighbour since something or other; only differences count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchanged {
    /// To it, our own Neighbor Discovery included.
    pub sent: u64,
    /// From it.
    pub heard: u64,
}

/// One entry of the Neighbor Cache (RFC 4861 section 5.1).
#[derive(Clone, Debug)]
pub(super) struct Neighbor {
    pub(super) address: Ipv6Addr,
    /// Until it answers.
    pub(super) dead_since: Option<Boottime>,
    state: State,
    is_router: bool,
    asked: Option<Boottime>,
    is_answer_awaited: bool,
    traffic: Option<Traffic>,
    /// Messages of ours among the packets sent.
    own: u64,
}

/// RFC 4861 section 7.3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reachable {
        until: Boottime,
    },
    Stale,
    Delay {
        until: Boottime,
    },
    Probe(Round),
    /// Left all solicitations unanswered, and waits for a reason to be asked again.
    Unreachable,
}

#[derive(Clone, Copy, Debug)]
struct Traffic {
    sent: u64,
    heard: u64,
    used_at: Option<Boottime>,
    /// Since when nothing was heard, as far as it was used.
    quiet_since: Boottime,
}

/// What is to be done about a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Ask,
    Died,
}

impl Neighbor {
    pub(super) fn new(now: Boottime, address: Ipv6Addr) -> Self {
        Self {
            address,
            dead_since: None,
            state: State::Probe(Round::new(TRIES, now, false)),
            is_router: true,
            asked: None,
            is_answer_awaited: false,
            traffic: None,
            own: 0,
        }
    }

    pub(super) fn exchanged(&mut self, now: Boottime, packets: Exchanged, timing: Timing) {
        let sent = packets.sent.wrapping_sub(self.own);
        let mut traffic = self.traffic.unwrap_or(Traffic {
            sent,
            heard: packets.heard,
            used_at: None,
            quiet_since: now,
        });
        // Our own messages are counted before the kernel has them, so the difference can be negative.
        let is_used = sent.wrapping_sub(traffic.sent).cast_signed() > 0;
        let is_heard = packets.heard != traffic.heard;
        if is_heard || !traffic.is_in_use(now) {
            traffic.quiet_since = now;
        }
        if is_used {
            traffic.used_at = Some(now);
        }
        (traffic.sent, traffic.heard) = (sent, packets.heard);
        self.traffic = Some(traffic);
        if is_used && self.state == State::Stale {
            let until = now.saturating_add(DELAY);
            self.state = State::Delay { until };
        }
        if traffic.is_unanswered(now) {
            self.suspect(now, timing);
            if self.state == State::Unreachable {
                // Used all the same, so there is no other.
                self.begin(now, TRIES, true, timing);
            }
        }
    }

    pub(super) fn spoke(&mut self) {
        self.own = self.own.wrapping_add(1);
    }

    pub(super) fn is_in_use(&self, now: Boottime) -> bool {
        self.traffic.is_some_and(|traffic| traffic.is_in_use(now))
    }

    pub(super) fn suspect(&mut self, now: Boottime, timing: Timing) {
        match &mut self.state {
            State::Reachable { .. } | State::Stale | State::Delay { .. } => {
                self.begin(now, TRIES, true, timing);
            }
            State::Probe(round) => round.hinted = true,
            State::Unreachable => {}
        }
    }

    pub(super) fn advertised(&mut self, now: Boottime, timing: Timing) {
        self.is_router = true;
        if self.state == State::Unreachable {
            self.begin(now, TRIES, false, timing);
        }
    }

    pub(super) fn revisit(&mut self, now: Boottime, timing: Timing) {
        let rested = |asked| now.saturating_sub(asked) >= REVISIT;
        if self.state == State::Unreachable && self.asked.is_none_or(rested) {
            self.begin(now, 1, false, timing);
        }
    }

    /// Takes an answer, which confirms that the neighbour is reachable if one was awaited. Returns
    /// whether it had been unreachable.
    pub(super) fn confirm(&mut self, now: Boottime, span: Duration) -> bool {
        if !std::mem::take(&mut self.is_answer_awaited) {
            return false;
        }
        let until = now.saturating_add(span);
        self.state = State::Reachable { until };
        if let Some(traffic) = &mut self.traffic {
            traffic.quiet_since = now;
        }
        self.dead_since.take().is_some()
    }

    /// Takes the R flag of an advertisement. Returns whether the neighbour was a router until now.
    pub(super) fn is_router_now(&mut self, is_router: bool) -> bool {
        std::mem::replace(&mut self.is_router, is_router) && !is_router
    }

    pub(super) fn deadline(&self) -> Option<Boottime> {
        match self.state {
            State::Reachable { until } | State::Delay { until } => Some(until),
            State::Probe(round) => Some(round.next),
            State::Stale | State::Unreachable => None,
        }
    }

    pub(super) fn poll(&mut self, now: Boottime, timing: Timing) -> Option<Step> {
        match self.state {
            State::Reachable { until } if until <= now => self.state = State::Stale,
            State::Delay { until } if until <= now => self.begin(now, TRIES, false, timing),
            _ => {}
        }
        let State::Probe(round) = &mut self.state else {
            return None;
        };
        match round.step(now, timing) {
            Turn::Wait => None,
            Turn::Ask => {
                self.asked = Some(now);
                self.is_answer_awaited = true;
                Some(Step::Ask)
            }
            Turn::GiveUp => {
                self.state = State::Unreachable;
                let is_new = self.dead_since.is_none();
                self.dead_since = Some(now);
                is_new.then_some(Step::Died)
            }
        }
    }

    /// Probes, but not sooner after the last solicitation than any (RFC 4861 section 7.3.3).
    fn begin(&mut self, now: Boottime, tries: u32, hinted: bool, timing: Timing) {
        let spaced = self
            .asked
            .map(|asked| asked.saturating_add(timing.retrans()));
        let start = spaced.map_or(now, |spaced| spaced.max(now));
        self.state = State::Probe(Round::new(tries, start, hinted));
    }

    pub(super) fn reachability(&self) -> Reachability {
        match self.state {
            _ if self.dead_since.is_some() => Reachability::Unreachable,
            State::Reachable { .. } => Reachability::Reachable,
            State::Stale => Reachability::Stale,
            State::Delay { .. } => Reachability::Delay,
            State::Probe(_) => Reachability::Probe,
            State::Unreachable => Reachability::Unreachable,
        }
    }
}

impl Traffic {
    fn is_in_use(&self, now: Boottime) -> bool {
        let used = |at| now.saturating_sub(at) < IN_USE;
        self.used_at.is_some_and(used)
    }

    /// Whether it was sent to after something was heard last, and that is some time ago.
    fn is_unanswered(&self, now: Boottime) -> bool {
        self.used_at.is_some_and(|at| at > self.quiet_since)
            && now.saturating_sub(self.quiet_since) >= SILENCE
    }
}
