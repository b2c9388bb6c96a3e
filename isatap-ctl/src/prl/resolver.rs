//! When to look the routers' name up, and what to believe of the answers (RFC 5214 section 8.3.2).
//!
//! Time, randomness and answers come in; questions and the list come out.

mod answer;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;
use isatap_common::addr::is_martian_ipv4;

pub use self::answer::{Answer, ResolverState};
use super::{PrlError, Table};
use crate::clock::Boottime;

/// Least time between two questions, whatever happens.
const PACE: Duration = Duration::from_secs(1);
/// A shorter lifetime does not bring the next question closer: the name may be wrong, not gone.
const LEAST: Duration = Duration::from_secs(5);
/// How soon an answer that lacks a router is confirmed.
const CONFIRM: Duration = Duration::from_secs(5);
/// The first wait after a failure; it doubles with each that follows.
const FIRST_RETRY: Duration = Duration::from_secs(2);
/// The longest wait after a failure, and after an answer without routers that names no time.
const LONGEST_RETRY: Duration = Duration::from_mins(5);

/// What to look up, and what to take of the answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The name whose A records are the routers, without its final dot; `None` asks nothing.
    pub name: Option<String>,
    /// Where routers may be; empty is anywhere.
    pub allow: Vec<Ipv4Net>,
    /// `PrlRefreshInterval`: the longest time between two look-ups.
    pub refresh: Duration,
}

/// The part of the Potential Router List that DNS names.
///
/// A router goes only when two answers lack it: a server that is being set up, or a resolver with
/// half an answer, must not cut a site off. Failures change nothing.
#[derive(Debug)]
pub struct Resolver {
    wanted: Wanted,
    entries: BTreeMap<Ipv4Addr, Entry>,
    /// What the last answer had that is not believed.
    refused: BTreeSet<Ipv4Addr>,
    next: Option<Boottime>,
    asked: Option<Boottime>,
    is_asking: bool,
    failures: u32,
    /// The last answer may not be used twice (its lifetime is zero).
    is_uncached: bool,
    answered: Option<Boottime>,
    failed: Option<(Boottime, String)>,
    random: fastrand::Rng,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The end of the lifetime with which it was last seen.
    until: Boottime,
    /// Whether the last answer lacked it.
    is_absent: bool,
}

impl Resolver {
    /// One that asks nothing.
    pub fn new(seed: u64) -> Self {
        Self {
            wanted: Wanted::default(),
            entries: BTreeMap::new(),
            refused: BTreeSet::new(),
            next: None,
            asked: None,
            is_asking: false,
            failures: 0,
            is_uncached: false,
            answered: None,
            failed: None,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Takes the configuration. Another name starts over; routers that are no longer allowed go at
    /// once.
    pub fn set_wanted(&mut self, wanted: Wanted) {
        if wanted == self.wanted {
            return;
        }
        if wanted.name != self.wanted.name {
            *self = Self {
                asked: self.asked,
                random: self.random.clone(),
                ..Self::new(0)
            };
        }
        self.wanted = wanted;
        let allow = &self.wanted.allow;
        self.entries.retain(|router, _| allows(allow, *router));
        self.wake();
    }

    /// Something happened after which DNS may answer, or answer differently.
    pub fn wake(&mut self) {
        self.failures = 0;
        if self.wanted.name.is_some() && !self.is_asking {
            self.next = Some(Boottime::ZERO);
        }
    }

    /// When [`Self::poll`] has a question; zero is at once.
    pub fn next_deadline(&self) -> Option<Boottime> {
        let next = self.next.filter(|_| !self.is_asking)?;
        let paced = self.asked.map_or(next, |asked| asked.saturating_add(PACE));
        Some(next.max(paced))
    }

    /// The name to look up now, if now is the time. [`Self::answered`] must follow.
    pub fn poll(&mut self, now: Boottime) -> Option<&str> {
        if self.next_deadline().is_none_or(|deadline| deadline > now) {
            return None;
        }
        self.asked = Some(now);
        self.is_asking = true;
        self.next = None;
        self.wanted.name.as_deref()
    }

    /// Whether the list may be used for a solicitation at `now`. If not, it is asked for first: an
    /// answer with lifetime zero is for one use (RFC 5214 section 8.3.2).
    pub fn is_current(&mut self, now: Boottime) -> bool {
        if !self.is_uncached {
            return true;
        }
        if self.is_asking {
            return false;
        }
        let heard = self.answered.max(self.failed.as_ref().map(|(at, _)| *at));
        let is_new = heard.is_some_and(|heard| now.saturating_sub(heard) <= PACE);
        if !is_new {
            self.next = Some(Boottime::ZERO);
        }
        is_new
    }

    /// Takes the answer to the question. Returns what is newly refused of it.
    pub fn answered(
        &mut self,
        now: Boottime,
        answer: Answer,
        own: &BTreeSet<Ipv4Addr>,
    ) -> Vec<PrlError> {
        self.is_asking = false;
        if self.wanted.name.is_none() {
            return Vec::new();
        }
        match answer {
            Answer::Routers { addresses, ttl } => {
                let (routers, refusals) = self.sift(&addresses, own);
                if routers.is_empty() {
                    // Of a network that answers everything with itself, or worse.
                    self.fail(
                        now,
                        "none of the addresses in the answer is believed".to_owned(),
                    );
                } else {
                    self.replace(now, &routers, ttl);
                    self.settle(now, ttl);
                }
                refusals
            }
            Answer::Nothing { ttl } => {
                self.refused.clear();
                self.replace(now, &BTreeSet::new(), Duration::ZERO);
                self.settle(now, ttl.unwrap_or(LONGEST_RETRY).max(LEAST));
                Vec::new()
            }
            Answer::Failed(why) => {
                self.fail(now, why);
                Vec::new()
            }
        }
    }

    /// The list stays as it is.
    fn fail(&mut self, now: Boottime, why: String) {
        let doubled = FIRST_RETRY.saturating_mul(1 << self.failures.min(16));
        let wait = doubled.min(LONGEST_RETRY).min(self.wanted.refresh);
        let wait = wait.mul_f64(0.9 + 0.2 * self.random.f64());
        self.failures = self.failures.saturating_add(1);
        self.failed = Some((now, why));
        self.next = Some(now.saturating_add(wait));
    }

    /// The routers to list. The lowest count where there are too many, so that the same are chosen
    /// in whatever order they come.
    fn sift(
        &mut self,
        addresses: &[Ipv4Addr],
        own: &BTreeSet<Ipv4Addr>,
    ) -> (BTreeSet<Ipv4Addr>, Vec<PrlError>) {
        let (mut routers, mut refusals) = (BTreeSet::new(), BTreeMap::new());
        for router in addresses.iter().copied().collect::<BTreeSet<_>>() {
            let limit = Table::DNS_LIMIT;
            let refusal = if is_martian_ipv4(router.octets()) {
                Some(PrlError::Martian(router))
            } else if own.contains(&router) {
                Some(PrlError::Own(router))
            } else if !allows(&self.wanted.allow, router) {
                Some(PrlError::NotAllowed(router))
            } else if routers.len() == limit {
                Some(PrlError::Full { router, limit })
            } else {
                None
            };
            match refusal {
                Some(refusal) => drop(refusals.insert(router, refusal)),
                None => drop(routers.insert(router)),
            }
        }
        let known = std::mem::replace(&mut self.refused, refusals.keys().copied().collect());
        refusals.retain(|router, _| !known.contains(router));
        (routers, refusals.into_values().collect())
    }

    fn replace(&mut self, now: Boottime, routers: &BTreeSet<Ipv4Addr>, ttl: Duration) {
        self.entries.retain(|router, entry| {
            let confirmed = entry.is_absent;
            entry.is_absent = !routers.contains(router);
            !(entry.is_absent && confirmed)
        });
        let until = now.saturating_add(ttl);
        let is_absent = false;
        for router in routers {
            let room = self.entries.len() < Table::DNS_LIMIT;
            if room || self.entries.contains_key(router) {
                self.entries.insert(*router, Entry { until, is_absent });
            }
        }
    }

    /// The time of the next look-up after an answer (RFC 5214 section 8.3.2).
    fn settle(&mut self, now: Boottime, ttl: Duration) {
        self.answered = Some(now);
        self.failed = None;
        self.failures = 0;
        self.is_uncached = ttl.is_zero();
        let unconfirmed = self.entries.values().any(|entry| entry.is_absent);
        let wait = if unconfirmed {
            CONFIRM
        } else if self.is_uncached {
            self.wanted.refresh
        } else {
            ttl.max(LEAST)
        };
        let wait = wait.min(self.wanted.refresh);
        self.next = Some(now.saturating_add(wait));
    }

    /// The routers that DNS names, and until when the answers that said so hold; past is possible,
    /// since a name that cannot be looked up any more is believed for the time being.
    pub fn routers(&self) -> impl Iterator<Item = (Ipv4Addr, Boottime)> {
        self.entries
            .iter()
            .map(|(router, entry)| (*router, entry.until))
    }

    /// Until when the answer holds that named `router`.
    pub fn until(&self, router: Ipv4Addr) -> Option<Boottime> {
        Some(self.entries.get(&router)?.until)
    }

    /// What there is to show; `None` if nothing is looked up.
    pub fn state(&self) -> Option<ResolverState> {
        Some(ResolverState {
            name: self.wanted.name.clone()?,
            answered: self.answered,
            failed: self.failed.clone(),
            next: self.next_deadline(),
            refused: self
                .refused
                .iter()
                .copied()
                .take(Table::DNS_LIMIT)
                .collect(),
        })
    }
}

fn allows(allow: &[Ipv4Net], router: Ipv4Addr) -> bool {
    allow.is_empty() || allow.iter().any(|net| net.contains(&router))
}
