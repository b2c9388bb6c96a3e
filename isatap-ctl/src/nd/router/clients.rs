use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::clock::Boottime;

/// How often a change is told: an unsolicited message may get lost, and nobody confirms it
/// (`MAX_INITIAL_RTR_ADVERTISEMENTS` of RFC 4861 section 10).
const TELLINGS: u8 = 3;

/// The two ends of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) from: Ipv6Addr,
    pub(super) to: Ipv6Addr,
}

/// A host that uses what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) answer: Answer,
    /// Since when it has asked again and again.
    pub(super) since: Boottime,
    /// When it was last sent an advertisement.
    pub(super) answered: Boottime,
    /// When it has to have asked again.
    until: Boottime,
    /// How often it is still to be told of the last change.
    owed: u8,
}

/// Hosts that were answered within the advertised lifetime, by embedded IPv4 address, so that
/// both forms of the u bit are one host. A full table keeps those it has: forged sources cannot
/// push out a host that was there before them.
#[derive(Debug, Default)]
pub(super) struct Clients {
    hosts: BTreeMap<Ipv4Addr, Client>,
    ends: BTreeSet<(Boottime, Ipv4Addr)>,
}

impl Clients {
    /// The most hosts that are remembered.
    pub(super) const LIMIT: usize = 16_384;

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (Ipv4Addr, &Client)> {
        self.hosts.iter().map(|(host, client)| (*host, client))
    }

    /// Since when `host` is known.
    pub(super) fn since(&self, host: Ipv4Addr) -> Option<Boottime> {
        self.hosts.get(&host).map(|client| client.since)
    }

    /// Notes that `host` was sent an advertisement that holds for `lifetime`. Returns whether it
    /// is to be sent once more unasked.
    pub(super) fn answered(
        &mut self,
        now: Boottime,
        host: Ipv4Addr,
        answer: Answer,
        lifetime: Duration,
    ) -> bool {
        let until = now.saturating_add(lifetime);
        let known = self.hosts.get(&host);
        if known.is_none() && self.hosts.len() >= Self::LIMIT {
            return false;
        }
        let owed = known.map_or(0, |client| client.owed.saturating_sub(1));
        let client = Client {
            answer,
            since: known.map_or(now, |client| client.since),
            answered: now,
            until,
            owed,
        };
        if let Some(old) = self.hosts.insert(host, client) {
            self.ends.remove(&(old.until, host));
        }
        self.ends.insert((until, host));
        owed > 0
    }

    /// Something has changed that every host here was told.
    pub(super) fn owe(&mut self) {
        for client in self.hosts.values_mut() {
            client.owed = TELLINGS;
        }
    }

    /// Forgets the hosts that know us by another address than those to keep.
    pub(super) fn keep(&mut self, keep: impl Fn(Ipv6Addr) -> bool) {
        self.hosts.retain(|_, client| keep(client.answer.from));
        self.ends.retain(|(_, host)| self.hosts.contains_key(host));
    }

    /// Forgets the hosts that have not asked again.
    pub(super) fn forget(&mut self, now: Boottime) {
        while let Some((until, host)) = self.ends.first().copied()
            && until <= now
        {
            self.ends.pop_first();
            self.hosts.remove(&host);
        }
    }
}
