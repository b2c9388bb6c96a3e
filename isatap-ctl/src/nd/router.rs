//! A router's answers to solicitations (RFC 4861 section 6.2.6, RFC 5214 section 8.2): always by
//! unicast, each after a random delay, and never more than the rates allow.

mod advertisement;
mod clients;
mod earlier;
mod farewell;
mod queue;
mod spacing;
#[cfg(test)]
mod tests;
mod turns;
mod withdrawn;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use isatap_common::addr::{self, ALL_ROUTERS, Form, LINK_LOCAL_64};
use isatap_common::nd::{Received, RouterSolicit};

pub use self::advertisement::Advertisement;
use self::clients::{Answer, Client, Clients};
pub use self::earlier::Earlier;
pub use self::farewell::Farewell;
use self::queue::{Queue, Queued};
use self::spacing::Spacing;
use self::withdrawn::Withdrawn;
use super::Refusal;
use super::bucket::Bucket;
use super::watch::Told;
use crate::clock::Boottime;

/// `MAX_RA_DELAY_TIME` (RFC 4861 section 10).
const MAX_DELAY: Duration = Duration::from_millis(500);
/// Time between two messages that tell the same change, `MAX_INITIAL_RTR_ADVERT_INTERVAL` (RFC 4861
/// section 10).
const REPEAT: Duration = Duration::from_secs(16);

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
    /// Solicitations refused because too many hosts waited.
    pub full: u64,
    /// Hosts that were sent an advertisement; one that needs several messages counts once.
    pub answered: u64,
}

/// A host that was answered within the advertised lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Its IPv4 address.
    pub host: Ipv4Addr,
    /// The address it asked from.
    pub address: Ipv6Addr,
    /// The link-local address of ours that answered.
    pub router: Ipv6Addr,
    /// Since when it has asked again and again.
    pub since: Boottime,
    /// When it was last sent an advertisement.
    pub at: Boottime,
    /// When it has to have asked again.
    pub until: Boottime,
}

impl Answered {
    const fn new(host: Ipv4Addr, client: &Client) -> Self {
        Self {
            host,
            address: client.answer.to,
            router: client.answer.from,
            since: client.since,
            at: client.answered,
            until: client.until,
        }
    }
}

/// The advertising half of a router.
#[derive(Debug)]
pub struct Advertiser {
    locators: Vec<Ipv4Addr>,
    advertisement: Advertisement,
    withdrawn: Withdrawn,
    forwarding: bool,
    clients: Clients,
    queue: Queue,
    spacing: Spacing,
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
            withdrawn: Withdrawn::default(),
            forwarding: true,
            clients: Clients::default(),
            queue: Queue::default(),
            spacing: Spacing::default(),
            random: fastrand::Rng::with_seed(seed),
            counters: Counters::default(),
        }
    }

    /// Replaces what is advertised. Every host that was told the old is told the new, and that
    /// what is no longer there ends.
    pub fn set_advertisement(&mut self, now: Boottime, advertisement: Advertisement) {
        if advertisement.rate != self.advertisement.rate {
            self.bucket = Bucket::new(advertisement.rate);
        }
        let old = std::mem::replace(&mut self.advertisement, advertisement);
        if old.content != self.advertisement.content {
            let new = &self.advertisement.content;
            self.withdrawn.change(now, &old.content, new);
            self.tell(now);
        }
    }

    /// Replaces our IPv4 addresses. Hosts that know us by one that goes are not ours any longer.
    pub fn set_locators(&mut self, locators: Vec<Ipv4Addr>) {
        if self.locators.iter().any(|old| !locators.contains(old)) {
            self.queue = Queue::default();
            self.clients.keep(|from| embeds_one_of(&locators, from));
        }
        self.locators = locators;
    }

    /// A router that does not forward is no default router (RFC 4861 section 6.2.5), and says so
    /// to every host that it told otherwise.
    pub fn set_forwarding(&mut self, now: Boottime, forwarding: bool) {
        if forwarding != self.forwarding {
            self.forwarding = forwarding;
            self.tell(now);
        }
    }

    /// Whether this node forwards.
    pub fn is_forwarding(&self) -> bool {
        self.forwarding
    }

    /// How many prefixes, routes, name servers and search domains are being withdrawn.
    pub fn withdrawing(&self) -> usize {
        self.withdrawn.len()
    }

    /// What others must not contradict.
    pub fn told(&self) -> Told {
        Told {
            advert: self.advertisement.content.clone(),
            ending: self.withdrawn.prefixes(),
        }
    }

    /// The hosts that were answered within the advertised lifetime, by IPv4 address.
    pub fn answered(&self) -> impl ExactSizeIterator<Item = Answered> {
        let clients = self.clients.iter();
        clients.map(|(host, client)| Answered::new(host, client))
    }

    /// The hosts that came, were answered again or went since this was last called, and what is to be
    /// remembered of those that are there.
    pub fn take_changed(&mut self) -> Vec<(Ipv4Addr, Option<Answered>)> {
        let changed = self.clients.take_changed().into_iter();
        let known = |host, client: Option<_>| client.map(|client| Answered::new(host, &client));
        changed
            .map(|(host, client)| (host, known(host, client)))
            .collect()
    }

    /// Counts every host as one that has changed.
    pub fn renew(&mut self) {
        self.clients.renew();
    }

    /// What is advertised.
    pub const fn advertisement(&self) -> &Advertisement {
        &self.advertisement
    }

    /// How many hosts wait for an answer.
    pub fn waiting(&self) -> usize {
        self.queue.len()
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
        self.forget(now);
        let to = received.source;
        match self.ask(now, host, Answer { from, to }) {
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

    /// Schedules an answer after a random delay, or at the end of the host's spacing.
    fn ask(&mut self, now: Boottime, host: Ipv4Addr, answer: Answer) -> Queued {
        let since = self.clients.since(host);
        if since.is_none() && self.spacing.has_no_room_for(host) {
            return Queued::Full;
        }
        let delayed = now.saturating_add(MAX_DELAY.mul_f64(self.random.f64()));
        let due = self.spacing.earliest(host, delayed);
        self.queue.ask(host, since, answer, due)
    }

    /// Tells every host that relies on what it was told.
    pub fn tell(&mut self, now: Boottime) {
        self.forget(now);
        self.clients.owe();
        let clients = self.clients.iter();
        let clients: Vec<_> = clients
            .map(|(host, client)| (host, client.answer))
            .collect();
        for (host, answer) in clients {
            self.ask(now, host, answer);
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
        self.queue
            .next_due()
            .map(|due| due.max(self.bucket.ready_at()))
    }

    /// The answers that are due and within the rate.
    pub fn poll(&mut self, now: Boottime) -> Vec<Advert> {
        let mut adverts = Vec::new();
        self.forget(now);
        while self.next_deadline().is_some_and(|deadline| deadline <= now)
            && let Some((host, answer)) = self.queue.take(now)
        {
            let messages = self.messages(now, answer);
            self.bucket
                .take(now, u32::try_from(messages.len()).unwrap_or(u32::MAX));
            self.note(now, host, answer);
            adverts.extend(messages);
        }
        adverts
    }

    fn note(&mut self, now: Boottime, host: Ipv4Addr, answer: Answer) {
        self.counters.answered += 1;
        self.spacing.start(now, host);
        let lifetime = self.advertisement.lifetime();
        if self.clients.answered(now, host, answer, lifetime) {
            let again = now.saturating_add(REPEAT);
            let since = self.clients.since(host);
            self.queue.ask(host, since, answer, again);
        }
    }

    fn messages(&self, now: Boottime, Answer { from, to }: Answer) -> Vec<Advert> {
        let mut content = self.advertisement.message(self.forwarding);
        self.withdrawn.add_to(&mut content, now);
        let messages = content.encode(from, to, self.advertisement.link_mtu);
        let advert = |bytes| Advert {
            source: from,
            destination: to,
            bytes,
        };
        messages.into_iter().map(advert).collect()
    }

    fn forget(&mut self, now: Boottime) {
        self.clients.forget(now);
        self.spacing.forget(now);
        self.withdrawn.forget(now);
    }
}

fn embeds_one_of(locators: &[Ipv4Addr], address: Ipv6Addr) -> bool {
    let embedded = addr::embedded(&address.octets()).map(Ipv4Addr::from);
    embedded.is_some_and(|ipv4| locators.contains(&ipv4))
}
