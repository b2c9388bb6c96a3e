//! Neighbor Unreachability Detection (RFC 4861 section 7.3, RFC 5214 section 8.4): which neighbours
//! answer. What is known of the traffic with them brings a probe forward and never confirms one
//! (docs/decisions/0009).

mod neighbor;
mod probe;
#[cfg(test)]
mod tests;
mod timing;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use isatap_common::abi::Reachability;
use isatap_common::addr::{self, Form};
use isatap_common::nd::{NeighborAdvert, NeighborSolicit, Received};

pub use self::neighbor::Exchanged;
use self::neighbor::{Neighbor, Step};
pub use self::timing::Timing;
use super::Refusal;
use super::host::isatap_link_local;
use crate::clock::Boottime;

/// How often the traffic with neighbours is to be looked at while packets flow to any of them.
const SAMPLING: Duration = Duration::from_millis(200);
/// And otherwise: a machine that has nothing to do shall sleep.
const IDLE_SAMPLING: Duration = Duration::from_millis(500);

/// A Neighbor Solicitation to send with hop limit 255, from and to link-local addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Ours.
    pub source: Ipv6Addr,
    /// The neighbour's.
    pub destination: Ipv6Addr,
    /// From the ICMPv6 type on.
    pub bytes: Vec<u8>,
}

impl Probe {
    /// One of `target`, to itself.
    pub fn of(source: Ipv6Addr, target: Ipv6Addr) -> Self {
        Self {
            source,
            destination: target,
            bytes: NeighborSolicit { target }.encode(source, target),
        }
    }
}

/// What [`Detector::poll`] comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// To send.
    pub probes: Vec<Probe>,
    /// Neighbours that were just found to be unreachable.
    pub died: Vec<Ipv4Addr>,
}

/// What a Neighbor Advertisement changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// The neighbour that advertised.
    pub neighbor: Ipv4Addr,
    /// It had been unreachable.
    pub revived: bool,
    /// It was a router and is none any more (RFC 4861 section 7.2.5).
    pub ceased_to_route: bool,
}

/// Watches the neighbours that it is told to.
#[derive(Debug)]
pub struct Detector {
    timing: Timing,
    locator: Option<Ipv4Addr>,
    neighbors: BTreeMap<Ipv4Addr, Neighbor>,
    random: fastrand::Rng,
    sampling_at: Boottime,
}

impl Detector {
    /// How many neighbours are watched.
    pub const LIMIT: usize = 256;

    /// One that watches nobody.
    pub fn new(seed: u64) -> Self {
        Self {
            timing: Timing::default(),
            locator: None,
            neighbors: BTreeMap::new(),
            random: fastrand::Rng::with_seed(seed),
            sampling_at: Boottime::ZERO,
        }
    }

    /// The times that routers advertise.
    pub fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    /// Our IPv4 address; without one nothing is sent or taken. From another one nothing is known yet.
    pub fn set_locator(&mut self, locator: Option<Ipv4Addr>) {
        if locator != self.locator {
            self.locator = locator;
            self.neighbors.clear();
        }
    }

    /// The neighbours to watch, and the address of each. New ones are probed at once: their address
    /// was computed, so nothing is known of them (RFC 5214 section 8.4).
    pub fn watch(&mut self, now: Boottime, neighbors: &BTreeMap<Ipv4Addr, Ipv6Addr>) {
        self.neighbors
            .retain(|ipv4, _| neighbors.contains_key(ipv4));
        for (ipv4, address) in neighbors {
            if let Some(known) = self.neighbors.get_mut(ipv4) {
                known.address = *address;
            } else if self.neighbors.len() < Self::LIMIT {
                self.neighbors.insert(*ipv4, Neighbor::new(now, *address));
            }
        }
    }

    /// The neighbours whose traffic is to be looked at now, if it is time for that.
    pub fn sampling(&mut self, now: Boottime) -> Vec<Ipv4Addr> {
        if now < self.sampling_at {
            return Vec::new();
        }
        let pace = if self.is_in_use(now) {
            SAMPLING
        } else {
            IDLE_SAMPLING
        };
        self.sampling_at = now.saturating_add(pace);
        self.neighbors.keys().copied().collect()
    }

    /// The packets that were exchanged with `neighbor` so far. One that is sent to and not heard from
    /// is suspect.
    pub fn exchanged(&mut self, now: Boottime, neighbor: Ipv4Addr, packets: Exchanged) {
        if let Some(neighbor) = self.neighbors.get_mut(&neighbor) {
            neighbor.exchanged(now, packets, self.timing);
        }
    }

    /// We sent a message of Neighbor Discovery to `destination`, which is no use of the neighbour.
    pub fn spoke(&mut self, destination: Ipv6Addr) {
        if let Some(neighbor) = self.at(destination) {
            neighbor.spoke();
        }
    }

    /// The neighbour whose link-local address that is.
    fn at(&mut self, address: Ipv6Addr) -> Option<&mut Neighbor> {
        let (ipv4, _) = isatap_link_local(address)?;
        self.neighbors.get_mut(&ipv4)
    }

    /// Whether packets flow to any of them.
    pub fn is_in_use(&self, now: Boottime) -> bool {
        self.neighbors
            .values()
            .any(|neighbor| neighbor.is_in_use(now))
    }

    /// Whether `neighbor` is watched.
    pub fn watches(&self, neighbor: Ipv4Addr) -> bool {
        self.neighbors.contains_key(&neighbor)
    }

    /// An ICMPv4 error or ARP says that packets do not reach `neighbor` (RFC 5214 section 7.2). It is probed sooner
    /// for that, and given up sooner if it does not answer (RFC 4861 section 7.3.3).
    pub fn hint(&mut self, now: Boottime, neighbor: Ipv4Addr) {
        if let Some(neighbor) = self.neighbors.get_mut(&neighbor) {
            neighbor.suspect(now, self.timing);
        }
    }

    /// The router at `source` advertised, which confirms nothing; but one that was unreachable is worth
    /// a probe.
    pub fn advertised(&mut self, now: Boottime, source: Ipv6Addr) {
        let timing = self.timing;
        if let Some(neighbor) = self.at(source) {
            neighbor.advertised(now, timing);
        }
    }

    /// `neighbor` would be used if it were reachable: once a minute that is tried (RFC 4191 section 3.5).
    pub fn revisit(&mut self, now: Boottime, neighbor: Ipv4Addr) {
        if let Some(neighbor) = self.neighbors.get_mut(&neighbor) {
            neighbor.revisit(now, self.timing);
        }
    }

    /// Takes a Neighbor Advertisement of a neighbour that is watched (RFC 4861 section 7.2.5).
    pub fn answered(&mut self, now: Boottime, message: &Received<'_>) -> Result<News, Refusal> {
        let advert = NeighborAdvert::decode(message)?;
        let (ipv4, _) = isatap_link_local(message.source).ok_or(Refusal::Source)?;
        let embedded = addr::embedded(&message.destination.octets()).map(Ipv4Addr::from);
        if embedded.is_none() || embedded != self.locator {
            return Err(Refusal::Destination);
        }
        let neighbor = self.neighbors.get_mut(&ipv4);
        let neighbor = neighbor.filter(|neighbor| neighbor.address == advert.target);
        let neighbor = neighbor.ok_or(Refusal::NoEntry)?;
        let span = self.timing.reachable_for(&mut self.random);
        Ok(News {
            neighbor: ipv4,
            revived: advert.solicited && neighbor.confirm(now, span),
            ceased_to_route: neighbor.is_router_now(advert.router),
        })
    }

    /// When [`Self::poll`] has something to do, or traffic is to be looked at.
    pub fn next_deadline(&self) -> Option<Boottime> {
        let sampling = (!self.neighbors.is_empty()).then_some(self.sampling_at);
        self.next_step().into_iter().chain(sampling).min()
    }

    /// When [`Self::poll`] has something to do.
    pub fn next_step(&self) -> Option<Boottime> {
        self.locator?;
        let neighbors = self.neighbors.values();
        neighbors.filter_map(Neighbor::deadline).min()
    }

    /// Watches `neighbor` no more.
    pub fn forget(&mut self, neighbor: Ipv4Addr) {
        self.neighbors.remove(&neighbor);
    }

    /// `neighbor` has shown itself at `address`.
    pub fn is_at(&mut self, neighbor: Ipv4Addr, address: Ipv6Addr) {
        if let Some(neighbor) = self.neighbors.get_mut(&neighbor) {
            neighbor.address = address;
        }
    }

    /// The solicitations that are due, and who has left all of them unanswered.
    pub fn poll(&mut self, now: Boottime) -> Due {
        let mut due = Due::default();
        let Some(locator) = self.locator.map(|locator| locator.octets()) else {
            return due;
        };
        let source: Ipv6Addr = addr::link_local(Form::of(locator), locator).into();
        for (ipv4, neighbor) in &mut self.neighbors {
            match neighbor.poll(now, self.timing) {
                None => {}
                Some(Step::Died) => due.died.push(*ipv4),
                Some(Step::Ask) => due.probes.push(Probe::of(source, neighbor.address)),
            }
        }
        due
    }

    /// What is known of `neighbor`.
    pub fn reachability(&self, neighbor: Ipv4Addr) -> Reachability {
        let neighbor = self.neighbors.get(&neighbor);
        neighbor.map_or(Reachability::Unknown, Neighbor::reachability)
    }

    /// When `neighbor` was last found to be unreachable, if it has not answered since.
    pub fn dead_since(&self, neighbor: Ipv4Addr) -> Option<Boottime> {
        self.neighbors.get(&neighbor)?.dead_since
    }
}
