//! What is known of the nodes of the link. Programs write it as well.

use std::time::Duration;

use aya::maps::{HashMap, MapData};
use isatap_common::{
    abi::{Peer, Reachability},
    addr::Ipv4,
};

/// The map `PEERS`.
pub struct Peers(pub(super) HashMap<MapData, Ipv4, Peer>);

impl Peers {
    /// What is known of the peer `remote`.
    pub fn get(&self, remote: Ipv4) -> Peer {
        self.0.get(&remote, 0).unwrap_or_default()
    }

    /// Notes that a packet from the peer `remote` was admitted.
    pub fn heard(&mut self, remote: Ipv4, bytes: usize, now: Duration) {
        let mut peer = self.get(remote);
        peer.last_heard = nanoseconds(now);
        peer.reachability = Reachability::Unknown as u32;
        peer.packets_in += 1;
        peer.bytes_in += bytes as u64;
        let _ = self.0.insert(remote, peer, 0);
    }

    /// The locator that the node `remote` last sent to.
    pub fn heard_at(&self, remote: Ipv4) -> Option<Ipv4> {
        let peer = self.0.get(&remote, 0).ok()?;
        (peer.local != [0; 4]).then_some(peer.local)
    }

    /// Adds a packet that this process had sent to the peer `remote`. What a program adds at the same
    /// moment may be lost: it is an account, and not worth more.
    pub fn sent(&mut self, remote: Ipv4, bytes: usize, now: Duration) {
        let mut peer = self.get(remote);
        peer.last_sent = nanoseconds(now);
        peer.packets_out += 1;
        peer.bytes_out += bytes as u64;
        // A full map forgets its oldest, so nothing can fail that could be mended here.
        let _ = self.0.insert(remote, peer, 0);
    }
}

fn nanoseconds(since_boot: Duration) -> u64 {
    u64::try_from(since_boot.as_nanos()).unwrap_or(u64::MAX)
}
