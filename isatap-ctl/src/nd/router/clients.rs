use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use isatap_common::abi;

use super::Answered;
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
    pub(super) until: Boottime,
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
    changed: BTreeSet<Ipv4Addr>,
}

impl Clients {
    /// The most hosts that are remembered.
    pub(super) const LIMIT: usize = abi::CLIENTS_LEN as usize;

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
        self.put(host, client);
        owed > 0
    }

    fn put(&mut self, host: Ipv4Addr, client: Client) {
        if let Some(old) = self.hosts.insert(host, client) {
            self.ends.remove(&(old.until, host));
        }
        self.ends.insert((client.until, host));
        self.changed.insert(host);
    }

    /// Takes up a host that an earlier process told, or forgets it.
    pub(super) fn restore(&mut self, host: &Answered, is_ours: bool) {
        self.changed.insert(host.host);
        if is_ours && self.hosts.len() < Self::LIMIT {
            let client = Client {
                answer: Answer {
                    from: host.router,
                    to: host.address,
                },
                since: host.since,
                answered: host.at,
                until: host.until,
                owed: 0,
            };
            self.put(host.host, client);
        }
    }

    /// Counts every host as one that has changed.
    pub(super) fn renew(&mut self) {
        self.changed.extend(self.hosts.keys());
    }

    /// The hosts that have come, asked again or gone since this was last called.
    pub(super) fn take_changed(&mut self) -> Vec<(Ipv4Addr, Option<Client>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        changed
            .map(|host| (host, self.hosts.get(&host).copied()))
            .collect()
    }

    /// Something has changed that every host here was told.
    pub(super) fn owe(&mut self) {
        for client in self.hosts.values_mut() {
            client.owed = TELLINGS;
        }
    }

    /// Forgets the hosts that know us by another address than those to keep.
    pub(super) fn keep(&mut self, keep: impl Fn(Ipv6Addr) -> bool) {
        let gone = |client: &Client| !keep(client.answer.from);
        let gone = self.hosts.extract_if(.., |_, client| gone(client));
        self.changed.extend(gone.map(|(host, _)| host));
        self.ends.retain(|(_, host)| self.hosts.contains_key(host));
    }

    /// Forgets the hosts that have not asked again.
    pub(super) fn forget(&mut self, now: Boottime) {
        while let Some((until, host)) = self.ends.first().copied()
            && until <= now
        {
            self.ends.pop_first();
            self.hosts.remove(&host);
            self.changed.insert(host);
        }
    }
}
