//! Answering Router Solicitations (RFC 5214 section 8.2, RFC 4861 section 6.2.6).

use std::{
    collections::{BTreeMap, HashMap},
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use isatap_common::{
    addr::{self, ALL_ROUTERS, Form},
    nd::{RouterAdvertisement, RouterSolicitation},
};

use super::{Outgoing, Refusal, arrival};
use crate::clock::Boottime;

/// MAX_RA_DELAY_TIME: an answer waits a random part of it.
const MAX_DELAY: Duration = Duration::from_millis(500);
/// Least time between two answers to one host, as MIN_DELAY_BETWEEN_RAS is for multicast.
const MIN_INTERVAL: Duration = Duration::from_secs(3);
/// Hosts that are remembered at once, waiting or just answered.
const CAPACITY: usize = 16_384;
/// Octets of the IPv6 header, which an advertisement shares the MTU with.
const IPV6_HEADER: usize = 40;

/// Answers each host once, from the address that it asked.
#[derive(Debug)]
pub struct Advertiser {
    advertisement: RouterAdvertisement,
    mtu: usize,
    rate: u32,
    locator: Option<Ipv4Addr>,
    forwarding: bool,
    random: fastrand::Rng,
    /// When each host may be, or is to be, answered.
    hosts: HashMap<Ipv6Addr, Host>,
    /// The answers in order of time.
    due: BTreeMap<(Boottime, Ipv6Addr), Ipv6Addr>,
    /// Answers that may be sent now, in fractions of one.
    credit: f64,
    credited: Boottime,
}

/// What is known of a host.
#[derive(Clone, Copy, Debug, Default)]
struct Host {
    /// When its answer is due, if one is.
    due: Option<Boottime>,
    /// When it was last answered.
    answered: Option<Boottime>,
}

impl Advertiser {
    /// Advertises nothing until it has a locator. `rate` is in answers per second.
    pub fn new(advertisement: RouterAdvertisement, mtu: usize, rate: u32, seed: u64) -> Self {
        Self {
            advertisement,
            mtu,
            rate,
            locator: None,
            forwarding: true,
            random: fastrand::Rng::with_seed(seed),
            hosts: HashMap::new(),
            due: BTreeMap::new(),
            credit: f64::from(rate),
            credited: Boottime::ZERO,
        }
    }

    /// Advertises something else from now on.
    pub fn set_advertisement(&mut self, advertisement: RouterAdvertisement, mtu: usize, rate: u32) {
        (self.advertisement, self.mtu, self.rate) = (advertisement, mtu, rate);
    }

    /// Answers from another address, or, without one, not at all.
    pub fn set_locator(&mut self, locator: Option<Ipv4Addr>) {
        if self.locator != locator {
            self.locator = locator;
            self.due.clear();
            self.hosts.clear();
        }
    }

    /// Says whether this node forwards: if not, it is no default router (RFC 4861 section 6.2.5).
    pub fn set_forwarding(&mut self, forwarding: bool) {
        self.forwarding = forwarding;
    }

    /// Takes a Router Solicitation.
    pub fn solicited(
        &mut self,
        now: Boottime,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        hop_limit: Option<u8>,
        bytes: &[u8],
    ) -> Result<(), Refusal> {
        RouterSolicitation::parse(&arrival(source, destination, hop_limit, bytes))?;
        if addr::embedded(&source.octets()).is_none() || !is_unicast_of_link(source) {
            return Err(Refusal::NotOnLink);
        }
        let from = self.answering_address(destination)?;
        self.schedule(now, source, from)
    }

    /// When [`Advertiser::poll`] has something to do.
    pub fn next_deadline(&self) -> Option<Boottime> {
        let ((first, _), _) = self.due.first_key_value()?;
        let wait = (1.0 - self.credit).max(0.0) / f64::from(self.rate.max(1));
        Some((*first).max(self.credited + Duration::from_secs_f64(wait)))
    }

    /// The advertisements that are due.
    pub fn poll(&mut self, now: Boottime) -> Vec<Outgoing> {
        self.earn(now);
        let mut outgoing = Vec::new();
        while self.credit >= 1.0
            && let Some(entry) = self.due.first_entry()
            && entry.key().0 <= now
        {
            let ((_, host), from) = entry.remove_entry();
            self.credit -= 1.0;
            self.hosts.insert(
                host,
                Host {
                    due: None,
                    answered: Some(now),
                },
            );
            outgoing.extend(self.messages(from, host));
        }
        self.forget(now);
        outgoing
    }

    /// The address that was asked; for all routers, the canonical one.
    fn answering_address(&self, destination: Ipv6Addr) -> Result<Ipv6Addr, Refusal> {
        let locator = self.locator.ok_or(Refusal::NoLocator)?.octets();
        if destination.octets() == ALL_ROUTERS.octets() {
            return Ok(addr::link_local(Form::of(locator), locator).into());
        }
        let is_ours = |form: &Form| addr::link_local(*form, locator) == destination.octets();
        if Form::ALL.iter().any(is_ours) {
            Ok(destination)
        } else {
            Err(Refusal::NotForUs)
        }
    }

    fn schedule(&mut self, now: Boottime, host: Ipv6Addr, from: Ipv6Addr) -> Result<(), Refusal> {
        let delay = MAX_DELAY.mul_f64(self.random.f64());
        self.forget_if_full(now);
        if !self.hosts.contains_key(&host) && self.hosts.len() >= CAPACITY {
            return Err(Refusal::Busy);
        }
        let known = self.hosts.entry(host).or_default();
        if known.due.is_some() {
            return Ok(());
        }
        let earliest = known
            .answered
            .map_or(Boottime::ZERO, |answered| answered + MIN_INTERVAL);
        let due = (now + delay).max(earliest);
        known.due = Some(due);
        self.due.insert((due, host), from);
        Ok(())
    }

    fn messages(&self, from: Ipv6Addr, host: Ipv6Addr) -> impl Iterator<Item = Outgoing> + use<> {
        let mut advertisement = self.advertisement.clone();
        if !self.forwarding {
            advertisement.lifetime = 0;
        }
        let limit = self.mtu.saturating_sub(IPV6_HEADER);
        let messages = advertisement.emit(&from.octets(), &host.octets(), limit);
        messages.into_iter().map(move |bytes| Outgoing {
            source: from,
            destination: host,
            bytes,
        })
    }

    fn earn(&mut self, now: Boottime) {
        let elapsed = now.saturating_sub(self.credited).as_secs_f64();
        let most = f64::from(self.rate.max(1));
        self.credit = elapsed.mul_add(f64::from(self.rate), self.credit).min(most);
        self.credited = now;
    }

    fn forget_if_full(&mut self, now: Boottime) {
        if self.hosts.len() >= CAPACITY {
            self.forget(now);
        }
    }

    /// Forgets hosts that may be answered at once again.
    fn forget(&mut self, now: Boottime) {
        self.hosts.retain(|_, host| {
            host.due.is_some() || host.answered.is_some_and(|at| at + MIN_INTERVAL > now)
        });
    }
}

fn is_unicast_of_link(address: Ipv6Addr) -> bool {
    !address.is_multicast() && !address.is_unspecified()
}
