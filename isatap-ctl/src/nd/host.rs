//! A host's questions to the routers of the list and what it takes from their answers
//! (RFC 4861 section 6.3, RFC 5214 section 8.3).

mod expiry;
mod learned;
mod listed;
mod refresh;
mod report;
mod schedule;
mod settings;
mod slaac;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use isatap_common::addr::{self, ALL_NODES, Form};
use isatap_common::nd::{Received, RouterAdvert, RouterSolicit};

use self::expiry::Expiry;
use self::learned::{Learned, Sender};
use self::schedule::Schedule;
pub use self::settings::Settings;
pub use self::state::{
    Address, DnsServer, HostState, OnLink, Resolvers, Route, RouterState, SearchDomain,
};
use super::Refusal;
use crate::clock::Boottime;

/// How long after a question an advertisement counts as its answer: the random delay and the
/// spacing of a router, and room for a slow path.
const ANSWER_WINDOW: Duration = Duration::from_secs(30);

/// A message to send with hop limit 255; the destination embeds the router's IPv4 address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solicit {
    /// Our link-local address.
    pub source: Ipv6Addr,
    /// The router's link-local address, in one form or the other.
    pub destination: Ipv6Addr,
    /// From the ICMPv6 type on.
    pub bytes: Vec<u8>,
}

/// The soliciting half of a host.
#[derive(Debug)]
pub struct Solicitor {
    settings: Settings,
    locator: Option<Ipv4Addr>,
    routers: BTreeMap<Ipv4Addr, Router>,
    learned: Learned,
    random: fastrand::Rng,
    polled: Boottime,
}

#[derive(Debug)]
struct Router {
    schedule: Schedule,
    last_solicited: Option<Boottime>,
    last_advertised: Option<Boottime>,
    lifetime_end: Option<Boottime>,
    /// The end of all it told, until which it may advertise unasked.
    known_until: Option<Expiry>,
}

impl Router {
    fn new() -> Self {
        Self {
            schedule: Schedule::new(),
            last_solicited: None,
            last_advertised: None,
            lifetime_end: None,
            known_until: None,
        }
    }

    fn may_advertise(&self, now: Boottime) -> bool {
        let asked = self.last_solicited;
        asked.is_some_and(|asked| now.saturating_sub(asked) <= ANSWER_WINDOW)
            || self.known_until.is_some_and(|end| !end.is_past(now))
    }
}

impl Solicitor {
    /// A host without locator and routers.
    pub fn new(settings: Settings, seed: u64) -> Self {
        Self {
            settings,
            locator: None,
            routers: BTreeMap::new(),
            learned: Learned::default(),
            random: fastrand::Rng::with_seed(seed),
            polled: Boottime::ZERO,
        }
    }

    /// Replaces the settings: what is no longer accepted goes, and routers are asked for what
    /// was not accepted before.
    pub fn set_settings(&mut self, settings: Settings) {
        if settings != self.settings {
            self.settings = settings;
            self.learned.refuse(&settings);
            self.restart(|_| true);
        }
    }

    /// Our IPv4 address; without one nothing is sent or taken.
    pub fn set_locator(&mut self, locator: Option<Ipv4Addr>) {
        if locator != self.locator {
            self.locator = locator;
            for router in self.routers.values_mut() {
                router.schedule.restart_alone();
            }
        }
    }

    /// The members of the Potential Router List. What only absent ones told is forgotten; new
    /// ones and those that never answered are asked.
    pub fn set_routers(&mut self, members: &BTreeSet<Ipv4Addr>) {
        if self.routers.keys().eq(members) {
            return;
        }
        for gone in self
            .routers
            .keys()
            .filter(|router| !members.contains(router))
        {
            self.learned.forget(*gone);
        }
        self.routers.retain(|router, _| members.contains(router));
        self.restart(|router| router.last_advertised.is_none());
        for member in members {
            self.routers.entry(*member).or_insert_with(Router::new);
        }
    }

    /// The link came up or the machine woke: all routers are asked.
    pub fn link_up(&mut self) {
        self.restart(|_| true);
    }

    /// `router` was found dead: it is asked until it answers (RFC 4861 section 6.3.7).
    pub fn unreachable(&mut self, router: Ipv4Addr) {
        if let Some(router) = self.routers.get_mut(&router) {
            router.schedule.restart();
        }
    }

    /// `router` was dead and is no more. Questions that it left unanswered meanwhile would keep it behind
    /// the others until the next one, which may be an hour away, so it is asked at once.
    pub fn revived(&mut self, router: Ipv4Addr) {
        let router = self.routers.get_mut(&router);
        if let Some(router) = router.filter(|router| router.schedule.is_silent()) {
            router.schedule.restart();
        }
    }

    /// `router` said that it is none any more: it is no next hop until it advertises again (RFC 4861
    /// section 7.2.5).
    pub fn ceased(&mut self, router: Ipv4Addr) {
        if let Some(router) = self.routers.get_mut(&router) {
            router.lifetime_end = None;
        }
        self.learned.forget_routes(router);
    }

    fn restart(&mut self, which: impl Fn(&Router) -> bool) {
        for router in self.routers.values_mut().filter(|router| which(router)) {
            router.schedule.restart();
        }
    }

    /// Takes a Router Advertisement from a router of the list that was asked or is known
    /// (RFC 4861 section 6.1.2, RFC 5214 section 8.3.3).
    pub fn advertised(
        &mut self,
        now: Boottime,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        hop_limit: Option<u8>,
        bytes: &[u8],
    ) -> Result<(), Refusal> {
        let taken = self.take(now, source, destination, hop_limit, bytes);
        taken.map(drop)
    }

    /// The same, and who advertised what.
    pub(super) fn take(
        &mut self,
        now: Boottime,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        hop_limit: Option<u8>,
        bytes: &[u8],
    ) -> Result<(Ipv4Addr, RouterAdvert), Refusal> {
        let received = Received {
            source,
            destination,
            hop_limit,
            bytes,
        };
        let advert = RouterAdvert::decode(&received)?;
        let (address, form) = isatap_link_local(source).ok_or(Refusal::Source)?;
        if !self.is_ours(destination) {
            return Err(Refusal::Destination);
        }
        let router = self.routers.get_mut(&address).ok_or(Refusal::Unlisted)?;
        if !router.may_advertise(now) {
            return Err(Refusal::Unsolicited);
        }
        router.answered(now, form, &advert, &self.settings);
        let sender = Sender {
            now,
            router: address,
            gateway: source,
        };
        self.learned.take(sender, &advert, &self.settings);
        Ok((address, advert))
    }

    fn is_ours(&self, destination: Ipv6Addr) -> bool {
        let octets = destination.octets();
        let embedded = addr::embedded(&octets).map(Ipv4Addr::from);
        self.locator.is_some() && (octets == ALL_NODES.octets() || embedded == self.locator)
    }

    /// Whether a router is to be asked at `now`.
    pub fn is_soliciting(&self, now: Boottime) -> bool {
        self.next_question().is_some_and(|deadline| deadline <= now)
    }

    fn next_question(&self) -> Option<Boottime> {
        self.locator?;
        let routers = self.routers.values();
        routers
            .filter_map(|router| router.schedule.deadline())
            .min()
    }

    /// When [`Self::poll`] has something to do or [`Self::state`] changes; zero is at once.
    pub fn next_deadline(&self) -> Option<Boottime> {
        let question = self.next_question().into_iter();
        question.chain(self.learned.next_change(self.polled)).min()
    }

    /// The solicitations that are due; what ended is forgotten.
    pub fn poll(&mut self, now: Boottime) -> Vec<Solicit> {
        self.polled = now;
        self.learned.expire(now);
        let Some(locator) = self.locator.map(|locator| locator.octets()) else {
            return Vec::new();
        };
        let source = addr::link_local(Form::of(locator), locator).into();
        let mut due = Vec::new();
        for (address, router) in &mut self.routers {
            if let Some(form) = router.schedule.poll(now, *address, &mut self.random) {
                router.last_solicited = Some(now);
                let destination = addr::link_local(form, address.octets()).into();
                due.push(Solicit {
                    source,
                    destination,
                    bytes: RouterSolicit.encode(source, destination),
                });
            }
        }
        due
    }
}

/// The IPv4 address behind a link-local ISATAP address, and the form it is written in.
pub(super) fn isatap_link_local(address: Ipv6Addr) -> Option<(Ipv4Addr, Form)> {
    let octets = address.octets();
    let embedded = addr::embedded(&octets)?;
    let mut forms = Form::ALL.into_iter();
    let form = forms.find(|form| addr::link_local(*form, embedded) == octets)?;
    Some((embedded.into(), form))
}
