//! The nodes that a host sends to directly, watched: what is known of them is in `PEERS`, by which the
//! programs send or have the daemon ask.

use std::{net::Ipv4Addr, time::Duration};

use isatap_common::abi::{Peer, Reachability};
use tracing::debug;

use super::{discovery::Outgoing, node::Node, probing::Probing};
use crate::{
    clock::Boottime,
    nd::{Refusal, Seen, reachability::Timing},
};

/// How long an answer holds of a peer that is not in use (`REACHABLE_TIME` of RFC 4861 section 10).
const REACHABLE: Duration = Duration::from_secs(30);

impl Node {
    /// Looks at the accounts of those that are no routers. Returns the solicitations that are due.
    pub(super) fn watch_correspondents(
        &mut self,
        now: Boottime,
        locator: Option<Ipv4Addr>,
        timing: Timing,
    ) -> Vec<Outgoing> {
        if self.probing.is_none() {
            return Vec::new();
        }
        self.correspondents.configure(locator, timing);
        if self.correspondents.is_due(now) {
            self.look_at_peers(now);
        }
        let due = self.correspondents.poll(now);
        for peer in &due.died {
            debug!("{peer} does not answer");
            self.datapath.maps.peers.set_unreachable(peer.octets());
        }
        if !due.died.is_empty() {
            self.bump_generation();
        }
        due.probes.into_iter().map(Outgoing::from).collect()
    }

    fn look_at_peers(&mut self, now: Boottime) {
        let routers = self.prl.members();
        let peers = self.datapath.maps.peers.all();
        // Those that do not answer are asked when there is a packet for them.
        let answering = |peer: &Peer| peer.reachability < Reachability::Probe as u32;
        let peers = peers.filter(|(ipv4, peer)| answering(peer) && !routers.contains(ipv4));
        let peers: Vec<_> = peers.collect();
        let seen = peers.iter().map(|(ipv4, peer)| Seen {
            peer: *ipv4,
            last_sent: Duration::from_nanos(peer.last_sent),
            last_heard: Duration::from_nanos(peer.last_heard),
        });
        self.correspondents.look(now, &seen.collect::<Vec<_>>());
        for (ipv4, peer) in peers {
            let state = match self.correspondents.reachability(ipv4) {
                Reachability::Unknown => aged(&peer, now),
                known => known,
            };
            if state as u32 != peer.reachability {
                let peers = &mut self.datapath.maps.peers;
                peers.set_reachability(ipv4.octets(), state);
            }
        }
    }

    /// Takes a Neighbor Advertisement of a node that is no router, which may also be the answer to a
    /// packet that waits.
    pub(super) fn peer_answered(
        &mut self,
        now: Boottime,
        message: &isatap_common::nd::Received<'_>,
    ) -> Result<(), Refusal> {
        let Err(refusal) = self.correspondents.answered(now, message) else {
            return Ok(());
        };
        let is_awaited = Probing::awaits(self.probing.as_ref(), message.source);
        if is_awaited { Ok(()) } else { Err(refusal) }
    }
}

/// What was known by an answer, when nobody asks any more.
fn aged(peer: &Peer, now: Boottime) -> Reachability {
    let heard = Duration::from_nanos(peer.last_heard);
    let is_known = |state| peer.reachability == state as u32;
    if is_known(Reachability::Stale) {
        Reachability::Stale
    } else if !is_known(Reachability::Reachable) {
        Reachability::Unknown
    } else if now.saturating_sub(heard) < REACHABLE {
        Reachability::Reachable
    } else {
        Reachability::Stale
    }
}
