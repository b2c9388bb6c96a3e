use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// A place in the line: the round, and the order of arrival within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    round: u64,
    arrival: u64,
}

/// Strangers in line. In each round every /24 has one turn (start-time fair queueing): a network
/// that floods waits for itself, and it is the one that loses its place when the line is full.
#[derive(Debug, Default)]
pub(super) struct Turns {
    line: BTreeMap<Place, Ipv4Addr>,
    networks: BTreeMap<[u8; 3], Network>,
    round: u64,
    arrivals: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Network {
    last_round: u64,
    waiting: usize,
}

impl Turns {
    pub(super) fn len(&self) -> usize {
        self.line.len()
    }

    /// Lines up `host`.
    pub(super) fn join(&mut self, host: Ipv4Addr) -> Place {
        let round = self.round_of(host);
        let network = self.networks.entry(network(host)).or_default();
        network.last_round = round;
        network.waiting += 1;
        self.arrivals += 1;
        let place = Place {
            round,
            arrival: self.arrivals,
        };
        self.line.insert(place, host);
        place
    }

    /// The last in line, if `host` would have its turn in an earlier round.
    pub(super) fn last_after(&self, host: Ipv4Addr) -> Option<Ipv4Addr> {
        let (place, last) = self.line.last_key_value()?;
        (self.round_of(host) < place.round).then_some(*last)
    }

    /// `host` goes from its place.
    pub(super) fn leave(&mut self, place: Place, host: Ipv4Addr) {
        self.line.remove(&place);
        let network = network(host);
        if let Some(left) = self.networks.get_mut(&network) {
            left.waiting = left.waiting.saturating_sub(1);
            if left.last_round == place.round {
                // It lost its last turn to another network.
                left.last_round -= 1;
            }
            if left.waiting == 0 {
                self.networks.remove(&network);
            }
        }
    }

    /// The host at `place` has had its turn.
    pub(super) fn advance(&mut self, place: Place) {
        self.round = self.round.max(place.round);
    }

    fn round_of(&self, host: Ipv4Addr) -> u64 {
        let last = self.networks.get(&network(host));
        let last = last.map_or(0, |network| network.last_round);
        self.round.max(last) + 1
    }
}

fn network(host: Ipv4Addr) -> [u8; 3] {
    let [a, b, c, _] = host.octets();
    [a, b, c]
}
