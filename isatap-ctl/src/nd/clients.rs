use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::clock::Boottime;

/// `MIN_DELAY_BETWEEN_RAS` (RFC 4861 section 10), here for each host.
const SPACING: Duration = Duration::from_secs(3);

/// An answer that a host waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) from: Ipv6Addr,
    pub(super) to: Ipv6Addr,
}

/// Hosts that wait for an answer or had one within the spacing, by embedded IPv4 address, so
/// that both forms of the u bit are one host.
#[derive(Debug, Default)]
pub(super) struct Clients {
    waiting: BTreeMap<Ipv4Addr, Answer>,
    due: BTreeSet<(Boottime, Ipv4Addr)>,
    answered: BTreeMap<Ipv4Addr, Boottime>,
    spaced: BTreeSet<(Boottime, Ipv4Addr)>,
}

/// What became of a request for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queued {
    Scheduled,
    AlreadyWaiting,
    Full,
}

impl Clients {
    /// How many hosts are remembered, so that forged sources cannot fill the memory.
    pub(super) const LIMIT: usize = 16_384;

    /// Schedules `answer` for `wanted`, or for the end of the host's spacing if that is later.
    pub(super) fn ask(&mut self, host: Ipv4Addr, answer: Answer, wanted: Boottime) -> Queued {
        if self.waiting.contains_key(&host) {
            return Queued::AlreadyWaiting;
        }
        if self.waiting.len() + self.answered.len() >= Self::LIMIT {
            return Queued::Full;
        }
        let spaced = self
            .answered
            .get(&host)
            .map_or(wanted, |end| wanted.max(*end));
        self.waiting.insert(host, answer);
        self.due.insert((spaced, host));
        Queued::Scheduled
    }

    /// When the first answer is due.
    pub(super) fn next_due(&self) -> Option<Boottime> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Takes the first answer if it is due.
    pub(super) fn answer(&mut self, now: Boottime) -> Option<Answer> {
        let (due, host) = *self.due.first()?;
        if due > now {
            return None;
        }
        self.due.pop_first();
        if let Some(old) = self.answered.insert(host, now + SPACING) {
            self.spaced.remove(&(old, host));
        }
        self.spaced.insert((now + SPACING, host));
        self.waiting.remove(&host)
    }

    /// Forgets the hosts whose spacing is over.
    pub(super) fn forget(&mut self, now: Boottime) {
        while let Some((end, host)) = self.spaced.first().copied()
            && end <= now
        {
            self.spaced.pop_first();
            self.answered.remove(&host);
        }
    }

    /// Forgets the answers not yet given.
    pub(super) fn clear_waiting(&mut self) {
        self.waiting.clear();
        self.due.clear();
    }
}
