//! Other routers of the link, asked as a host would, so that operators learn where their
//! advertisements and ours contradict each other (RFC 4861 section 6.2.7).

mod difference;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use isatap_common::addr;
use isatap_common::nd::RouterAdvert;

pub use self::difference::{Difference, Item, Told};
use self::difference::{Heard, differences};
use super::Refusal;
use super::host::{RouterState, Settings, Solicit, Solicitor};
use crate::clock::Boottime;

/// The longest time between two questions: as far apart as a router's unsolicited advertisements
/// are by default (`MaxRtrAdvInterval`, RFC 4861 section 6.2.1).
const INTERVAL: Duration = Duration::from_mins(10);
/// Messages this close together are the parts of one advertisement.
const PARTS: Duration = Duration::from_secs(1);

/// What is asked of routers whose answers configure nothing.
const SETTINGS: Settings = Settings {
    min_solicit_interval: Duration::from_mins(2),
    max_solicit_interval: Some(INTERVAL),
    accept_prefixes: false,
    accept_default: false,
    accept_routes: false,
    accept_mtu: false,
    accept_dns: false,
    min_hop_limit: u8::MAX,
    max_mtu: 0,
};

/// The watch over the peers of a router that advertises.
#[derive(Debug)]
pub struct Watch {
    solicitor: Solicitor,
    told: Told,
    peers: BTreeMap<Ipv4Addr, Peer>,
}

#[derive(Debug, Default)]
struct Peer {
    solicited: u64,
    advertised: u64,
    heard: Option<Heard>,
    /// When to compare.
    due: Option<Boottime>,
    differences: BTreeMap<Item, Difference>,
    silent: bool,
}

/// What is known of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerState {
    /// When it was asked, and what it answered.
    pub router: RouterState,
    /// How often it was asked.
    pub solicited: u64,
    /// Messages from it that were taken.
    pub advertised: u64,
    /// Where its last advertisement contradicts ours.
    pub differences: BTreeMap<Item, Difference>,
}

/// What has become of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It contradicts us.
    Differs(Ipv4Addr, Item, Difference),
    /// It does no more.
    Agrees(Ipv4Addr, Item),
    /// It leaves questions unanswered.
    Silent(Ipv4Addr),
    /// It answers again.
    Answers(Ipv4Addr),
}

impl Watch {
    /// Over nobody.
    pub fn new(seed: u64) -> Self {
        Self {
            solicitor: Solicitor::new(SETTINGS, seed),
            told: Told::default(),
            peers: BTreeMap::new(),
        }
    }

    /// Watches these peers from our address `locator`.
    pub fn follow(&mut self, peers: &BTreeSet<Ipv4Addr>, locator: Option<Ipv4Addr>) {
        self.solicitor.set_locator(locator);
        self.solicitor.set_routers(peers);
        self.peers.retain(|peer, _| peers.contains(peer));
        for peer in peers {
            self.peers.entry(*peer).or_default();
        }
    }

    /// The link came up or the machine woke: all peers are asked.
    pub fn link_up(&mut self) {
        self.solicitor.link_up();
    }

    /// Takes what we advertise, and compares it with what was heard if it is new.
    pub fn set_told(&mut self, now: Boottime, told: Told) {
        if told != self.told {
            self.told = told;
            for peer in self.peers.values_mut().filter(|peer| peer.heard.is_some()) {
                peer.due.get_or_insert(now);
            }
        }
    }

    /// Takes a Router Advertisement; only those of peers count, by the rules for hosts (RFC 4861
    /// section 6.1.2, RFC 5214 section 8.3.3).
    pub fn advertised(
        &mut self,
        now: Boottime,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        hop_limit: Option<u8>,
        bytes: &[u8],
    ) -> Result<(), Refusal> {
        let solicitor = &mut self.solicitor;
        let (router, advert) = solicitor.take(now, source, destination, hop_limit, bytes)?;
        if let Some(peer) = self.peers.get_mut(&router) {
            peer.take(now, advert);
        }
        Ok(())
    }

    /// When [`Self::poll`] has something to do; zero is at once.
    pub fn next_deadline(&self) -> Option<Boottime> {
        let due = self.peers.values().filter_map(|peer| peer.due);
        due.chain(self.solicitor.next_deadline()).min()
    }

    /// The questions that are due, and what is new.
    pub fn poll(&mut self, now: Boottime) -> (Vec<Solicit>, Vec<News>) {
        let questions = self.solicitor.poll(now);
        for question in &questions {
            let asked = addr::embedded(&question.destination.octets()).map(Ipv4Addr::from);
            if let Some(peer) = asked.and_then(|asked| self.peers.get_mut(&asked)) {
                peer.solicited += 1;
            }
        }
        let mut news = Vec::new();
        let silent: BTreeMap<_, _> = self
            .solicitor
            .routers(now)
            .map(|router| (router.router, router.silent))
            .collect();
        for (router, peer) in &mut self.peers {
            let is_silent = silent.get(router).copied().unwrap_or_default();
            if std::mem::replace(&mut peer.silent, is_silent) != is_silent {
                let news_of = if is_silent {
                    News::Silent
                } else {
                    News::Answers
                };
                news.push(news_of(*router));
            }
            if peer.due.is_some_and(|due| due <= now) {
                peer.due = None;
                news.extend(peer.compare(*router, &self.told));
            }
        }
        (questions, news)
    }

    /// What is known of each peer.
    pub fn peers(&self, now: Boottime) -> impl Iterator<Item = PeerState> {
        let known = self.solicitor.routers(now);
        known.filter_map(|router| {
            let peer = self.peers.get(&router.router)?;
            Some(PeerState {
                solicited: peer.solicited,
                advertised: peer.advertised,
                differences: peer.differences.clone(),
                router,
            })
        })
    }
}

impl Peer {
    fn take(&mut self, now: Boottime, advert: RouterAdvert) {
        self.advertised += 1;
        match &mut self.heard {
            Some(heard) if now.saturating_sub(heard.first) < PARTS => heard.add(advert),
            heard => {
                *heard = Some(Heard { first: now, advert });
            }
        }
        // By then all parts are there.
        self.due.get_or_insert(now.saturating_add(PARTS));
    }

    fn compare(&mut self, router: Ipv4Addr, told: &Told) -> Vec<News> {
        let Some(heard) = &self.heard else {
            return Vec::new();
        };
        let now = differences(told, heard);
        let before = std::mem::replace(&mut self.differences, now);
        let new = self.differences.iter();
        let new = new.filter(|(item, _)| !before.contains_key(item));
        let new = new.map(|(item, found)| News::Differs(router, item.clone(), found.clone()));
        let gone = before.keys();
        let gone = gone.filter(|item| !self.differences.contains_key(item));
        let gone = gone.map(|item| News::Agrees(router, item.clone()));
        new.chain(gone).collect()
    }
}
