use std::net::Ipv4Addr;

use super::expiry::Expiry;
use super::learned::{LIMIT, Sender};
use crate::clock::Boottime;

/// Name servers or search domains, in the order in which routers list them: resolvers try them in
/// that order (RFC 8106 section 5.3.1).
#[derive(Debug)]
pub(super) struct Listed<T> {
    entries: Vec<Entry<T>>,
}

#[derive(Debug)]
pub(super) struct Entry<T> {
    pub(super) value: T,
    pub(super) router: Ipv4Addr,
    pub(super) valid: Expiry,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        let entries = Vec::new();
        Self { entries }
    }
}

impl<T: PartialEq> Listed<T> {
    /// Takes what one message lists; it stands where the first of it stood before, so that the
    /// parts of an advertisement in several messages keep their order too.
    pub(super) fn take(&mut self, from: Sender, listed: impl Iterator<Item = (T, Expiry)>) {
        let mut told: Vec<Entry<T>> = Vec::new();
        for (value, valid) in listed {
            told.retain(|entry| entry.value != value);
            told.push(Entry {
                value,
                router: from.router,
                valid,
            });
        }
        let is_told = |known: &Entry<T>| {
            known.router == from.router && told.iter().any(|entry| entry.value == known.value)
        };
        let place = self.entries.iter().position(is_told);
        let place = place.unwrap_or(self.entries.len());
        self.entries.retain(|known| !is_told(known));
        told.truncate(LIMIT.saturating_sub(self.entries.len()));
        self.entries.splice(place..place, told);
        self.expire(from.now);
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(super) fn forget(&mut self, router: Ipv4Addr) {
        self.entries.retain(|entry| entry.router != router);
    }

    pub(super) fn expire(&mut self, now: Boottime) {
        self.entries.retain(|entry| !entry.valid.is_past(now));
    }

    pub(super) fn valid(&self, now: Boottime) -> impl Iterator<Item = &Entry<T>> {
        let entries = self.entries.iter();
        entries.filter(move |entry| !entry.valid.is_past(now))
    }

    pub(super) fn ends(&self) -> impl Iterator<Item = Expiry> {
        self.entries.iter().map(|entry| entry.valid)
    }
}
