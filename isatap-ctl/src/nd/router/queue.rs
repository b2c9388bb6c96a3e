use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::clients::Answer;
use super::turns::{Place, Turns};
use crate::clock::Boottime;

/// Answers that hosts wait for, one for each.
///
/// Hosts that are known go by seniority, so that whoever came during a flood of forged questions
/// waits behind those who were there before it. Strangers go by turns of their networks. Half of
/// what is sent is for either.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Ipv4Addr, Waiting>,
    /// Those whose delay is not over.
    delayed: BTreeSet<(Boottime, Ipv4Addr)>,
    known: BTreeSet<(Boottime, Ipv4Addr)>,
    strangers: BTreeMap<Place, Ipv4Addr>,
    turns: Turns,
    stranger_next: bool,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    answer: Answer,
    due: Boottime,
    rank: Rank,
}

#[derive(Clone, Copy, Debug)]
enum Rank {
    /// Since when the host is known.
    Known(Boottime),
    Stranger(Place),
}

/// What became of a request for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queued {
    Scheduled,
    AlreadyWaiting,
    Full,
}

impl Queue {
    /// How many strangers may wait.
    pub(super) const STRANGERS: usize = 8192;

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Schedules `answer` for `due`; a host that waits already waits no longer than that.
    pub(super) fn ask(
        &mut self,
        host: Ipv4Addr,
        known_since: Option<Boottime>,
        answer: Answer,
        due: Boottime,
    ) -> Queued {
        if let Some(waiting) = self.waiting.get_mut(&host) {
            if due < waiting.due && self.delayed.remove(&(waiting.due, host)) {
                waiting.due = due;
                self.delayed.insert((due, host));
            }
            return Queued::AlreadyWaiting;
        }
        let rank = match known_since {
            Some(since) => Rank::Known(since),
            None if self.makes_room_for(host) => Rank::Stranger(self.turns.join(host)),
            None => return Queued::Full,
        };
        self.waiting.insert(host, Waiting { answer, due, rank });
        self.delayed.insert((due, host));
        Queued::Scheduled
    }

    /// Whether one more stranger has room, if need be that of the one with the latest turn.
    fn makes_room_for(&mut self, host: Ipv4Addr) -> bool {
        if self.turns.len() < Self::STRANGERS {
            return true;
        }
        match self.turns.last_after(host) {
            Some(last) => {
                self.remove(last);
                true
            }
            None => false,
        }
    }

    /// When the first answer is due; zero is at once.
    pub(super) fn next_due(&self) -> Option<Boottime> {
        if !self.known.is_empty() || !self.strangers.is_empty() {
            return Some(Boottime::ZERO);
        }
        self.delayed.first().map(|(due, _)| *due)
    }

    /// Takes the answer that comes first among those that are due.
    pub(super) fn take(&mut self, now: Boottime) -> Option<(Ipv4Addr, Answer)> {
        self.let_in(now);
        let known = self.known.first().map(|(_, host)| *host);
        let stranger = self.strangers.first_key_value().map(|(_, host)| *host);
        let host = if self.stranger_next {
            stranger.or(known)
        } else {
            known.or(stranger)
        }?;
        self.stranger_next = Some(host) != stranger;
        let waiting = self.remove(host)?;
        if let Rank::Stranger(place) = waiting.rank {
            self.turns.advance(place);
        }
        Some((host, waiting.answer))
    }

    /// Those whose delay is over may be answered.
    fn let_in(&mut self, now: Boottime) {
        while let Some((due, host)) = self.delayed.first().copied()
            && due <= now
        {
            self.delayed.pop_first();
            match self.waiting.get(&host).map(|waiting| waiting.rank) {
                Some(Rank::Known(since)) => drop(self.known.insert((since, host))),
                Some(Rank::Stranger(place)) => drop(self.strangers.insert(place, host)),
                None => {}
            }
        }
    }

    fn remove(&mut self, host: Ipv4Addr) -> Option<Waiting> {
        let waiting = self.waiting.remove(&host)?;
        self.delayed.remove(&(waiting.due, host));
        match waiting.rank {
            Rank::Known(since) => drop(self.known.remove(&(since, host))),
            Rank::Stranger(place) => {
                self.strangers.remove(&place);
                self.turns.leave(place, host);
            }
        }
        Some(waiting)
    }
}
