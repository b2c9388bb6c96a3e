//! What is known of the nodes of the link. Programs write it as well.

use std::{net::Ipv4Addr, time::Duration};

use aya::maps::{HashMap, Map, MapData};
use isatap_common::{
    abi::{Block, Peer, Reachability},
    addr::Ipv4,
};

use super::{DatapathError, maps::typed};

/// How long a path MTU holds (RFC 1191 section 6.3).
const PATH_MTU_HOLDS: Duration = Duration::from_mins(10);
/// For how long a peer counts as sent to lately: an error comes within the lifetime of a datagram, and of
/// packets that the line of a block forwards not every one is accounted for.
const LATELY: Duration = Duration::from_secs(60 + Block::EPOCH);

/// The map `PEERS`.
pub struct Peers {
    map: HashMap<MapData, Ipv4, Peer>,
    most: u32,
}

impl Peers {
    /// The loaded map.
    pub(super) fn new(map: Map) -> Result<Self, DatapathError> {
        let Map::LruHashMap(data) = &map else {
            return Err(DatapathError::Missing { name: "PEERS" });
        };
        let most = data.info()?.max_entries();
        let map = typed(map)?;
        Ok(Self { map, most })
    }

    /// What is known of the peer `remote`.
    pub fn get(&self, remote: Ipv4) -> Peer {
        self.map.get(&remote, 0).unwrap_or_default()
    }

    /// Notes that a packet from the peer `remote` was admitted.
    pub fn heard(&mut self, remote: Ipv4, bytes: usize, now: Duration) {
        let mut peer = self.get(remote);
        peer.last_heard = nanoseconds(now);
        peer.reachability = Reachability::Unknown as u32;
        peer.packets_in += 1;
        peer.bytes_in += bytes as u64;
        let _ = self.map.insert(remote, peer, 0);
    }

    /// The locator that the node `remote` last sent to.
    pub fn heard_at(&self, remote: Ipv4) -> Option<Ipv4> {
        let peer = self.get(remote);
        (peer.local != [0; 4]).then_some(peer.local)
    }

    /// Whether anything was sent to the peer `remote` lately, and the path MTU that is known of it.
    pub fn sent_lately(&self, remote: Ipv4, now: Duration) -> Option<Option<u32>> {
        let peer = self.get(remote);
        let lately = nanoseconds(now.saturating_sub(LATELY));
        let is_lately = peer.last_sent != 0 && peer.last_sent >= lately;
        is_lately.then(|| peer.path_mtu_at(nanoseconds(now)))
    }

    /// The path MTU to the peer `remote`, if one is known.
    pub fn path_mtu(&self, remote: Ipv4, now: Duration) -> Option<u32> {
        let peer = self.get(remote);
        peer.path_mtu_at(nanoseconds(now))
    }

    /// Remembers the path MTU to the peer `remote` for ten minutes.
    pub fn set_path_mtu(&mut self, remote: Ipv4, mtu: u32, now: Duration) {
        let mut peer = self.get(remote);
        peer.path_mtu = mtu;
        peer.path_mtu_deadline = nanoseconds(now + PATH_MTU_HOLDS);
        let _ = self.map.insert(remote, peer, 0);
    }

    /// Remembers that the peer `remote` was said to be out of reach, which a packet from it disproves
    /// and no message does (RFC 4861 section 7.3.3). One that is being probed is left to that.
    pub fn set_unreachable(&mut self, remote: Ipv4) {
        let Ok(mut peer) = self.map.get(&remote, 0) else {
            return;
        };
        if peer.reachability != Reachability::Probe as u32 {
            peer.reachability = Reachability::Unreachable as u32;
            let _ = self.map.insert(remote, peer, 0);
        }
    }

    /// Remembers what answers say of the peer `remote`.
    pub fn set_reachability(&mut self, remote: Ipv4, state: Reachability) {
        let Ok(mut peer) = self.map.get(&remote, 0) else {
            return;
        };
        if peer.reachability != state as u32 {
            peer.reachability = state as u32;
            let _ = self.map.insert(remote, peer, 0);
        }
    }

    /// Every peer. A walk starts anew when the entry it stands on goes away, so it has an end.
    pub fn all(&self) -> impl Iterator<Item = (Ipv4Addr, Peer)> {
        let walk = self.map.iter().take(self.most as usize);
        walk.filter_map(Result::ok)
            .map(|(ipv4, peer)| (ipv4.into(), peer))
    }

    /// Adds a packet that this process had sent to the peer `remote`. What a program adds at the same
    /// moment may be lost: it is an account, and not worth more.
    pub fn sent(&mut self, remote: Ipv4, bytes: usize, now: Duration) {
        let mut peer = self.get(remote);
        peer.last_sent = nanoseconds(now);
        peer.packets_out += 1;
        peer.bytes_out += bytes as u64;
        // A full map forgets its oldest, so nothing can fail that could be mended here.
        let _ = self.map.insert(remote, peer, 0);
    }
}

fn nanoseconds(since_boot: Duration) -> u64 {
    u64::try_from(since_boot.as_nanos()).unwrap_or(u64::MAX)
}
