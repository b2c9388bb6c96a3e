//! Packets for hosts that a router has not heard from, or that did not answer a host: programs hand them
//! over, the daemon asks (RFC 6324 section 3.1.1, RFC 4861 section 7.3.3).

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr},
};

use isatap_common::{
    abi::{Direction, Hearing, Reachability, Role, Switches},
    addr,
    icmp::Icmpv6Error::AddressUnreachable,
    nd::NeighborSolicit,
    path::{Reason, Site as _, admit, parse},
};
use tracing::debug;

use super::{counters::count, link, node::Node};
use crate::{
    clock::{self, Boottime},
    config::Settings,
    kernel::{
        Error,
        sockets::{Icmpv6Socket, Received},
    },
    nd::Prober,
};

/// ICMPv6 type of a Neighbor Advertisement.
const NEIGHBOR_ADVERTISEMENT: u8 = 136;

/// What a node that asks needs.
pub struct Probing {
    socket: Icmpv6Socket,
    prober: Prober,
}

impl Probing {
    /// Opens the socket where the configuration wants the check.
    pub fn new(settings: &Settings, index: u32) -> Result<Option<Self>, Error> {
        if !is_wanted(settings) {
            return Ok(None);
        }
        let types = &[NEIGHBOR_ADVERTISEMENT];
        let socket = Icmpv6Socket::open(&settings.interface.name, index, types, None)?;
        Ok(Some(Self {
            socket,
            prober: Prober::default(),
        }))
    }

    /// Starts or ends it as the configuration wants; what is under way goes on.
    pub fn follow(this: &mut Option<Self>, settings: &Settings, index: u32) -> Result<(), Error> {
        if is_wanted(settings) != this.is_some() {
            *this = Self::new(settings, index)?;
        }
        Ok(())
    }

    /// Waits for answers, for ever if nobody asks.
    pub async fn answers(this: Option<&Self>) -> io::Result<Vec<Received>> {
        match this {
            Some(probing) => probing.socket.recv().await,
            None => std::future::pending().await,
        }
    }

    /// Whether a packet waits for the node at `address`.
    pub fn awaits(this: Option<&Self>, address: Ipv6Addr) -> bool {
        let host = addr::embedded(&address.octets()).map(Ipv4Addr::from);
        this.is_some_and(|probing| probing.prober.hosts().any(|one| Some(one) == host))
    }

    /// When there is something to do.
    pub fn next_deadline(this: Option<&Self>) -> Option<Boottime> {
        this.and_then(|probing| probing.prober.next_deadline())
    }
}

const fn is_wanted(settings: &Settings) -> bool {
    settings.datapath.neighbor_check
}

impl Node {
    /// Keeps a packet whose host is being probed. Otherwise says whether it may be sent now.
    pub(super) fn hold(&mut self, packet: &[u8]) -> Result<Hearing, Reason> {
        let Some(host) = self.checked_host(packet) else {
            return Ok(Hearing::Heard);
        };
        let hearing = self.hearing(host);
        match (hearing, &mut self.probing) {
            (Hearing::Heard, _) => Ok(Hearing::Heard),
            (Hearing::Probed | Hearing::Waiting, Some(probing)) => {
                let kept = probing.prober.hold(clock::now(), host, packet.to_vec());
                kept.then_some(hearing).ok_or(Reason::ProbeQueue)
            }
            _ => Err(Reason::Silent),
        }
    }

    /// Takes a Neighbor Advertisement; whether it may be believed was the programs' decision.
    pub fn answered(&mut self, message: &Received) {
        if let Some(host) = addr::embedded(&message.source.octets()) {
            self.release_if_heard(host.into());
        }
    }

    /// Asks again, or gives up.
    pub(super) async fn probe(&mut self) {
        let now = clock::now();
        let Some(probing) = &mut self.probing else {
            return;
        };
        if probing.prober.next_deadline().is_none_or(|due| now < due) {
            return;
        }
        // An answer need not be a Neighbor Advertisement.
        for host in probing.prober.hosts().collect::<Vec<_>>() {
            self.release_if_heard(host);
        }
        let Some(probing) = &mut self.probing else {
            return;
        };
        let due = probing.prober.poll(now);
        for host in due.solicit {
            self.solicit(host).await;
        }
        for packet in due.unreachable {
            let told = self
                .errors
                .tell(now, AddressUnreachable, &packet, self.index);
            self.count_out(told.err().unwrap_or(Reason::Silent), packet.len());
        }
    }

    /// The next hop of a packet, if that must have been heard from.
    fn checked_host(&self, packet: &[u8]) -> Option<Ipv4Addr> {
        let tables = self.tables.as_ref()?;
        if !tables.config.switches().has(Switches::NEIGHBOR_CHECK) {
            return None;
        }
        let destination = parse::outbound(packet, 0).ok()?.inner.destination;
        let host = admit::next_hop(destination, tables).ok()?;
        let is_checked = tables.config.is_router() || !tables.lists_router(host);
        (is_checked && !destination.is_link_local()).then(|| host.into())
    }

    fn hearing(&self, host: Ipv4Addr) -> Hearing {
        let now = u64::try_from(clock::now().as_nanos()).unwrap_or(u64::MAX);
        let role = self.tables.as_ref().map(|tables| tables.config.role());
        let peer = self.datapath.maps.peers.get(host.octets());
        peer.hearing(now, role.unwrap_or(Role::Host))
    }

    /// Sends what waits for `host`, if a program has admitted a packet from it.
    fn release_if_heard(&mut self, host: Ipv4Addr) {
        let (Hearing::Heard, Some(probing)) = (self.hearing(host), &mut self.probing) else {
            return;
        };
        let waiting = probing.prober.heard(host);
        if !waiting.is_empty() && self.discovery.learns() {
            let peers = &mut self.datapath.maps.peers;
            peers.set_reachability(host.octets(), Reachability::Reachable);
        }
        for packet in waiting {
            self.send_surplus(&packet);
        }
    }

    /// Asks both link-local addresses of the host: it has one of them, and nothing says which.
    async fn solicit(&self, host: Ipv4Addr) {
        let Some((source, probing)) = self.source_for(host).zip(self.probing.as_ref()) else {
            return;
        };
        for target in link::link_local(host) {
            let message = NeighborSolicit { target }.encode(source, target);
            let sent = probing.socket.send(source, target, self.index, &message);
            if let Err(error) = sent.await {
                debug!("to {target}: {error}");
            }
        }
    }

    /// The link-local address that the host has sent to, or our first.
    fn source_for(&self, host: Ipv4Addr) -> Option<Ipv6Addr> {
        let met = self.datapath.maps.peers.get(host.octets()).local;
        let locators = self.tables.iter().flat_map(|tables| tables.locators.keys());
        let ours: Vec<_> = locators.map(|key| key.ipv4).collect();
        let local = if ours.contains(&met) {
            met
        } else {
            self.tables.as_ref()?.config.first_locator()
        };
        Some(link::link_local(local.into())[0])
    }

    pub(super) fn count_out(&mut self, reason: Reason, bytes: usize) {
        let counters = &mut self.datapath.maps.counters;
        count(counters, Direction::Out, reason, bytes);
    }
}
