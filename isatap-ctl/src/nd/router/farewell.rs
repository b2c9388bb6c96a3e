use std::time::Duration;

use isatap_common::nd::{Lifetime, Preference, Prefix, RouteInformation, RouterAdvert};

use super::{Advert, Answered};
use crate::clock::Boottime;
use crate::nd::Bucket;

/// `MAX_FINAL_RTR_ADVERTISEMENTS` (RFC 4861 section 10).
const ROUNDS: u8 = 3;
/// Every link takes as much (RFC 8200 section 5).
const LINK_MTU: u16 = 1280;

/// The last that hosts hear of a router that ceases to advertise (RFC 4861 section 6.2.5): to each
/// that relies on it, by unicast, that it is no default router, and that other routes through it end
/// (RFC 4191 section 2.3). Prefixes and name servers are the site's, and another router may tell the same.
#[derive(Debug)]
pub struct Farewell {
    hosts: Vec<Answered>,
    last: RouterAdvert,
    apart: Duration,
    bucket: Bucket,
    round: u8,
    /// Which host comes next in the round.
    next: usize,
    /// When the round begins.
    begin: Boottime,
}

impl Farewell {
    /// From `now` on to `hosts`, at most `rate` messages a second, in rounds that begin at least
    /// `apart` from each other. `routes` are those that they were told.
    pub fn new(
        now: Boottime,
        hosts: Vec<Answered>,
        routes: impl IntoIterator<Item = Prefix>,
        rate: u32,
        apart: Duration,
    ) -> Self {
        Self {
            hosts,
            last: RouterAdvert {
                routes: routes.into_iter().map(end).collect(),
                ..RouterAdvert::default()
            },
            apart,
            bucket: Bucket::new(rate),
            round: 0,
            next: 0,
            begin: now,
        }
    }

    /// How many hosts have not been told once.
    pub fn untold(&self) -> usize {
        match self.round {
            0 => self.hosts.len().saturating_sub(self.next),
            _ => 0,
        }
    }

    /// When [`Self::poll`] has something to send; nothing when all has been said.
    pub fn next_deadline(&self) -> Option<Boottime> {
        let has_more = self.round < ROUNDS && !self.hosts.is_empty();
        has_more.then(|| self.begin.max(self.bucket.ready_at()))
    }

    /// The messages that are due and within the rate.
    pub fn poll(&mut self, now: Boottime) -> Vec<Advert> {
        let mut due = Vec::new();
        while self.next_deadline().is_some_and(|deadline| deadline <= now)
            && let Some(host) = self.hosts.get(self.next)
        {
            let messages = self.last.encode(host.router, host.address, LINK_MTU);
            let count = u32::try_from(messages.len()).unwrap_or(u32::MAX);
            due.extend(messages.into_iter().map(|bytes| Advert {
                source: host.router,
                destination: host.address,
                bytes,
            }));
            self.bucket.take(now, count);
            self.advance(now);
        }
        due
    }

    fn advance(&mut self, now: Boottime) {
        self.next += 1;
        if self.next == self.hosts.len() {
            self.next = 0;
            self.round += 1;
            self.begin = now.max(self.begin.saturating_add(self.apart));
        }
    }
}

fn end(prefix: Prefix) -> RouteInformation {
    RouteInformation {
        prefix,
        preference: Preference::Medium,
        lifetime: Lifetime::ZERO,
    }
}
