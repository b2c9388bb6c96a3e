//! Neighbor Discovery messages of a node, in and out.

use std::{collections::BTreeMap, io, net::Ipv4Addr};

use isatap_common::{
    abi::{Counter, Direction},
    addr,
    path::Reason,
    wire::ipv6,
};
use tracing::debug;

use super::{
    counters,
    discovery::{Discovery, NEIGHBOR_ADVERTISEMENT, Outgoing},
    node::Node,
};
use crate::{
    clock,
    config::Settings,
    kernel::{
        Error,
        sockets::{Icmpv6Socket, Received},
    },
    nd::Refusal,
};

impl Node {
    /// Waits for Neighbor Discovery messages, for ever if none concerns us.
    pub async fn heard(&self) -> io::Result<Vec<Received>> {
        match &self.icmp {
            Some(socket) => socket.recv().await,
            None => std::future::pending().await,
        }
    }

    /// Takes Neighbor Discovery messages. The refused are counted together: a flood of them is the
    /// time to save system calls.
    pub fn discover(&mut self, burst: &[Received]) {
        let mut refused: BTreeMap<Reason, Counter> = BTreeMap::new();
        for message in burst {
            let Err(refusal) = self.take(message) else {
                continue;
            };
            debug!("from {}: {refusal}", message.source);
            let count = refused.entry(refusal.reason()).or_default();
            count.packets += 1;
            count.bytes += (ipv6::LENGTH + message.bytes.len()) as u64;
        }
        let lost = burst.last().map_or(self.lost, |message| message.lost);
        if lost != self.lost {
            let count = refused.entry(Reason::NdOverrun).or_default();
            count.packets += u64::from(lost.wrapping_sub(self.lost));
            self.lost = lost;
        }
        let counters = &mut self.datapath.maps.counters;
        for (reason, more) in refused {
            counters::add(counters, Direction::In, reason, more);
        }
    }

    /// How many messages the socket has lost.
    pub const fn lost(&self) -> u32 {
        self.lost
    }

    fn take(&mut self, message: &Received) -> Result<(), Refusal> {
        let now = clock::now();
        if message.bytes.first() == Some(&NEIGHBOR_ADVERTISEMENT) {
            return self.neighbor_answered(now, message);
        }
        if self.is_from_peer(message) {
            return self.peer_advertised(now, message);
        }
        let is_to_all = message.destination.is_some_and(|to| to.is_multicast());
        // Who asks one address has said where it sends to.
        let sender = addr::embedded(&message.source.octets()).filter(|_| is_to_all);
        let heard_at = sender.and_then(|ipv4| self.datapath.maps.peers.heard_at(ipv4));
        let heard_at = heard_at.map(Ipv4Addr::from);
        let taken = self.discovery.received(now, message, heard_at);
        taken.map(|()| self.detector.advertised(now, message.source))
    }

    pub(super) async fn send(&self, message: &Outgoing) -> io::Result<()> {
        let Some(socket) = &self.icmp else {
            return Ok(());
        };
        let (from, to) = (message.source, message.destination);
        socket.send(from, to, self.index, &message.bytes).await
    }
}

/// The socket for the messages that the configuration wants to hear.
pub(super) fn listen(settings: &Settings, index: u32) -> Result<Option<Icmpv6Socket>, Error> {
    let name = &settings.interface.name;
    let ear = Discovery::ear(settings);
    ear.map(|ear| Icmpv6Socket::open(name, index, ear.types, ear.group))
        .transpose()
}
