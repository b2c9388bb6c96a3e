//! A router's answers to solicitations (RFC 4861 section 6.2.6, RFC 5214 section 8.2): always by
//! unicast, each after a random delay, and never more than the rates allow.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use isatap_common::addr::{self, ALL_ROUTERS, Form, LINK_LOCAL_64};
use isatap_common::nd::{Preference, Received, RouterAdvert, RouterSolicit};

use super::Refusal;
use super::bucket::Bucket;
use super::clients::{Answer, Clients, Queued};
use crate::clock::Boottime;

/// `MAX_RA_DELAY_TIME` (RFC 4861 section 10).
const MAX_DELAY: Duration = Duration::from_millis(500);

/// What is advertised, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertisement {
    /// Header and options while this node forwards.
    pub content: RouterAdvert,
    /// Answers a second in all.
    pub rate: u32,
    /// MTU of the ISATAP device, which one message may fill.
    pub link_mtu: u16,
}

/// A message to send with hop limit 255.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advert {
    /// Our link-local address, in the form the host asked.
    pub source: Ipv6Addr,
    /// The host.
    pub destination: Ipv6Addr,
    /// From the ICMPv6 type on.
    pub bytes: Vec<u8>,
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Valid solicitations.
    pub solicited: u64,
    /// Solicitations that were refused, those of a full table included.
    pub refused: u64,
    /// Solicitations of a host that waits for an answer already.
    pub merged: u64,
    /// Solicitations refused because the table was full.
    pub full: u64,
    /// Answers given; one that needs several messages counts once.
    pub answered: u64,
}

/// The advertising half of a router.
#[derive(Debug)]
pub struct Advertiser {
    locators: Vec<Ipv4Addr>,
    advertisement: Advertisement,
    forwarding: bool,
    clients: Clients,
    bucket: Bucket,
    random: fastrand::Rng,
    counters: Counters,
}

impl Advertiser {
    /// A router at `locators`, the best first, that forwards.
    pub fn new(locators: Vec<Ipv4Addr>, advertisement: Advertisement, seed: u64) -> Self {
        Self {
            locators,
            bucket: Bucket::new(advertisement.rate),
            advertisement,
            forwarding: true,
            clients: Clients::default(),
            random: fastrand::Rng::with_seed(seed),
            counters: Counters::default(),
        }
    }

    /// Replaces what is advertised from the next answer on.
    pub fn set_advertisement(&mut self, advertisement: Advertisement) {
        if advertisement.rate != self.advertisement.rate {
            self.bucket = Bucket::new(advertisement.rate);
        }
        self.advertisement = advertisement;
    }

    /// Replaces our IPv4 addresses; if one goes, answers are dropped, which might be from it.
    pub fn set_locators(&mut self, locators: Vec<Ipv4Addr>) {
        if self.locators.iter().any(|old| !locators.contains(old)) {
            self.clients.clear_waiting();
        }
        self.locators = locators;
    }

    /// A router that does not forward is no default router (RFC 4861 section 6.2.5).
    pub fn set_forwarding(&mut self, forwarding: bool) {
        self.forwarding = forwarding;
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Takes a Router Solicitation (RFC 4861 section 6.1.1) from a host of the link to one of our
    /// link-local addresses in either form, or to All-Routers. The second half of the destination is
    /// the locator that the host sends to, if that is known.
    pub fn solicited(
        &mut self,
        now: Boottime,
        source: Ipv6Addr,
        (destination, heard_at): (Ipv6Addr, Option<Ipv4Addr>),
        hop_limit: Option<u8>,
        bytes: &[u8],
    ) -> Result<(), Refusal> {
        let received = Received {
            source,
            destination,
            hop_limit,
            bytes,
        };
        let taken = self.take(now, &received, heard_at);
        match taken {
            Ok(()) => self.counters.solicited += 1,
            Err(_) => self.counters.refused += 1,
        }
        taken
    }

    fn take(
        &mut self,
        now: Boottime,
        received: &Received<'_>,
        heard_at: Option<Ipv4Addr>,
    ) -> Result<(), Refusal> {
        RouterSolicit::decode(received)?;
        let host = self.host(received.source).ok_or(Refusal::Source)?;
        let from = self
            .answer_from(received.destination, heard_at)
            .ok_or(Refusal::Destination)?;
        let delay = MAX_DELAY.mul_f64(self.random.f64());
        let to = received.source;
        self.clients.forget(now);
        match self.clients.ask(host, Answer { from, to }, now + delay) {
            Queued::Scheduled => Ok(()),
            Queued::AlreadyWaiting => {
                self.counters.merged += 1;
                Ok(())
            }
            Queued::Full => {
                self.counters.full += 1;
                Err(Refusal::Full)
            }
        }
    }

    /// The host behind `source`, if that is an ISATAP address of the link (RFC 5214 section 3).
    fn host(&self, source: Ipv6Addr) -> Option<Ipv4Addr> {
        let host = addr::embedded(&source.octets())?;
        let prefix = addr::prefix64(&source.octets());
        let mut prefixes = self.advertisement.content.prefixes.iter();
        let on_link = prefix == LINK_LOCAL_64
            || prefixes.any(|option| {
                option.prefix.length() == 64
                    && addr::prefix64(&option.prefix.address().octets()) == prefix
            });
        let host = (on_link && !addr::is_martian_ipv4(host)).then(|| Ipv4Addr::from(host))?;
        (!self.locators.contains(&host)).then_some(host)
    }

    /// The exact address that was asked: some hosts compare the source of the answer byte for byte.
    /// A question to all is answered from the canonical one of the locator that the host sends to,
    /// because that is the one in its router list.
    fn answer_from(&self, asked: Ipv6Addr, heard_at: Option<Ipv4Addr>) -> Option<Ipv6Addr> {
        let ours =
            |locator: &Ipv4Addr, form| Ipv6Addr::from(addr::link_local(form, locator.octets()));
        if asked.octets() == ALL_ROUTERS.octets() {
            let heard_at = heard_at.filter(|heard_at| self.locators.contains(heard_at));
            let locator = heard_at.or_else(|| self.locators.first().copied())?;
            return Some(ours(&locator, Form::of(locator.octets())));
        }
        let mut own = self
            .locators
            .iter()
            .flat_map(|locator| Form::ALL.map(|form| ours(locator, form)));
        own.find(|own| *own == asked)
    }

    /// When [`Self::poll`] has something to do.
    pub fn next_deadline(&self) -> Option<Boottime> {
        self.clients
            .next_due()
            .map(|due| due.max(self.bucket.ready_at()))
    }

    /// The answers that are due and within the rate.
    pub fn poll(&mut self, now: Boottime) -> Vec<Advert> {
        let mut adverts = Vec::new();
        while self.next_deadline().is_some_and(|deadline| deadline <= now)
            && self.bucket.take(now)
            && let Some(answer) = self.clients.answer(now)
        {
            self.counters.answered += 1;
            adverts.extend(self.messages(answer));
        }
        self.clients.forget(now);
        adverts
    }

    fn messages(&self, Answer { from, to }: Answer) -> impl Iterator<Item = Advert> {
        let mut content = self.advertisement.content.clone();
        if !self.forwarding {
            content.lifetime = 0;
        }
        if content.lifetime == 0 {
            // RFC 4191 section 2.2: a sender sets 00 when it is no default router.
            content.preference = Preference::Medium;
        }
        let messages = content.encode(from, to, self.advertisement.link_mtu);
        messages.into_iter().map(move |bytes| Advert {
            source: from,
            destination: to,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests;
