//! Nodes that a host sends to directly. One that is not heard is asked, and given up if it does not answer
//! (RFC 4861 section 7.3); whoever is heard is left alone.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use isatap_common::abi::Reachability;
use isatap_common::addr::{self, Form};
use isatap_common::nd::Received;

use super::Refusal;
use super::host::isatap_link_local;
use super::reachability::{Detector, Due, News, Probe, Timing};
use crate::clock::Boottime;

/// A node that is sent to and was not heard for so long is asked.
const SILENCE: Duration = Duration::from_secs(3);
/// Programs account for what they sent once a second, so packets flow for so long after they did.
const IN_USE: Duration = Duration::from_secs(3);
/// Between two looks at the accounts, at least, and for each account.
const REST: (Duration, Duration) = (Duration::from_secs(1), Duration::from_millis(1));

/// What the account of a node says.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Whose it is.
    pub peer: Ipv4Addr,
    /// When something was last sent to it.
    pub last_sent: Boottime,
    /// When something last came from it.
    pub last_heard: Boottime,
}

/// Those that are in use.
#[derive(Debug)]
pub struct Correspondents {
    detector: Detector,
    /// Since when each was not heard, as far as it was in use.
    silent_since: BTreeMap<Ipv4Addr, Boottime>,
    /// The address of each that has answered.
    addresses: BTreeMap<Ipv4Addr, Ipv6Addr>,
    look_at: Boottime,
}

impl Correspondents {
    /// None yet.
    pub fn new(seed: u64) -> Self {
        Self {
            detector: Detector::new(seed),
            silent_since: BTreeMap::new(),
            addresses: BTreeMap::new(),
            look_at: Boottime::ZERO,
        }
    }

    /// Our IPv4 address, and the times that routers advertise.
    pub fn configure(&mut self, locator: Option<Ipv4Addr>, timing: Timing) {
        self.detector.set_locator(locator);
        self.detector.set_timing(timing);
    }

    /// Whether it is time to look at the accounts.
    pub fn is_due(&self, now: Boottime) -> bool {
        now >= self.look_at
    }

    /// Takes the accounts; of very many in use some are left out.
    pub fn look(&mut self, now: Boottime, accounts: &[Seen]) {
        let (least, each) = REST;
        let count = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
        self.look_at = now.saturating_add(least.max(each.saturating_mul(count)));
        let in_use = |seen: &&Seen| now.saturating_sub(seen.last_sent) < IN_USE;
        let in_use = accounts.iter().filter(in_use).take(Detector::LIMIT);
        let before = std::mem::take(&mut self.silent_since);
        for Seen {
            peer, last_heard, ..
        } in in_use
        {
            let since = before.get(peer).copied().unwrap_or(now);
            self.silent_since.insert(*peer, since.max(*last_heard));
        }
        self.addresses
            .retain(|peer, _| self.silent_since.contains_key(peer));
        self.ask_the_silent(now);
    }

    fn ask_the_silent(&mut self, now: Boottime) {
        let is_silent = |since: Boottime| now.saturating_sub(since) >= SILENCE;
        let all = self.silent_since.iter();
        let watched = all.filter(|(peer, since)| {
            is_silent(**since) || self.detector.reachability(**peer) != Reachability::Unknown
        });
        let watched: BTreeMap<_, _> = watched
            .map(|(peer, _)| (*peer, self.address(*peer)))
            .collect();
        self.detector.watch(now, &watched);
        for (peer, since) in &self.silent_since {
            let is_stale = self.detector.reachability(*peer) == Reachability::Stale;
            if is_stale && is_silent(*since) {
                self.detector.hint(now, *peer);
            }
        }
    }

    fn address(&self, peer: Ipv4Addr) -> Ipv6Addr {
        let canonical = addr::link_local(Form::of(peer.octets()), peer.octets());
        let known = self.addresses.get(&peer).copied();
        known.unwrap_or(canonical.into())
    }

    /// The solicitations that are due, at both addresses of those whose address is not known, and who
    /// has left all of them unanswered and is forgotten.
    pub fn poll(&mut self, now: Boottime) -> Due {
        let mut due = self.detector.poll(now);
        for dead in &due.died {
            self.detector.forget(*dead);
            self.silent_since.remove(dead);
        }
        let other = |probe: &Probe| {
            let (peer, form) = isatap_link_local(probe.destination)?;
            let other = addr::link_local(form.other(), peer.octets());
            let is_known = self.addresses.contains_key(&peer);
            (!is_known).then(|| Probe::of(probe.source, other.into()))
        };
        let others: Vec<_> = due.probes.iter().filter_map(other).collect();
        due.probes.extend(others);
        due
    }

    /// Takes a Neighbor Advertisement of one that was asked, at whichever of its addresses.
    pub fn answered(&mut self, now: Boottime, message: &Received<'_>) -> Result<News, Refusal> {
        let (peer, _) = isatap_link_local(message.source).ok_or(Refusal::Source)?;
        self.detector.is_at(peer, message.source);
        let news = self.detector.answered(now, message)?;
        self.addresses.insert(peer, message.source);
        Ok(news)
    }

    /// When there is something to do.
    pub fn next_deadline(&self) -> Boottime {
        let step = self.detector.next_step();
        step.map_or(self.look_at, |step| step.min(self.look_at))
    }

    /// What answers say of `peer`.
    pub fn reachability(&self, peer: Ipv4Addr) -> Reachability {
        match self.detector.reachability(peer) {
            Reachability::Reachable => Reachability::Reachable,
            _ if self.addresses.contains_key(&peer) => Reachability::Stale,
            _ => Reachability::Unknown,
        }
    }
}
