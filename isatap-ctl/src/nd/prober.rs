//! Hosts that a router has to send to and has not heard from: they are asked, and their packets wait
//! (RFC 6324 section 3.1.1).

use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use isatap_common::abi::Peer;

use crate::clock::Boottime;

/// Between two solicitations of one host (`RETRANS_TIMER` of RFC 4861 section 10).
const RETRANS_TIMER: Duration = Duration::from_secs(1);
/// Solicitations of one host (`MAX_UNICAST_SOLICIT`).
const SOLICITATIONS: u8 = 3;
/// Hosts that are probed at once: more than the programs hand over at the default rate.
const MOST: usize = 4096;

/// The hosts that are being probed.
#[derive(Debug, Default)]
pub struct Prober {
    probes: BTreeMap<Ipv4Addr, Probe>,
}

#[derive(Debug)]
struct Probe {
    packets: Vec<Vec<u8>>,
    solicited: u8,
    /// When the next solicitation is due, or the host is given up.
    next: Boottime,
}

/// What is to be done now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Hosts to solicit.
    pub solicit: Vec<Ipv4Addr>,
    /// Packets for hosts that did not answer, whose sources hear so.
    pub unreachable: Vec<Vec<u8>>,
}

impl Prober {
    /// Keeps an IPv6 packet until `host` has been heard from, and starts asking. Returns whether
    /// there was room.
    pub fn hold(&mut self, now: Boottime, host: Ipv4Addr, packet: Vec<u8>) -> bool {
        let is_full = self.probes.len() >= MOST;
        let probe = match self.probes.get_mut(&host) {
            Some(probe) => probe,
            None if is_full => return false,
            None => self.probes.entry(host).or_insert(Probe {
                packets: Vec::new(),
                solicited: 0,
                next: now,
            }),
        };
        let has_room = probe.packets.len() < Peer::HELD as usize;
        if has_room {
            probe.packets.push(packet);
        }
        has_room
    }

    /// The packets that waited for `host`, which was heard from.
    pub fn heard(&mut self, host: Ipv4Addr) -> Vec<Vec<u8>> {
        let probe = self.probes.remove(&host);
        probe.map_or_else(Vec::new, |probe| probe.packets)
    }

    /// The hosts that are being probed.
    pub fn hosts(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.probes.keys().copied()
    }

    /// Takes what is due.
    pub fn poll(&mut self, now: Boottime) -> Due {
        let mut due = Due::default();
        let given_up = self.probes.extract_if(.., |_, probe| {
            probe.next <= now && probe.solicited >= SOLICITATIONS
        });
        due.unreachable = given_up.flat_map(|(_, probe)| probe.packets).collect();
        for (host, probe) in &mut self.probes {
            if probe.next <= now {
                probe.solicited += 1;
                probe.next = now + RETRANS_TIMER;
                due.solicit.push(*host);
            }
        }
        due
    }

    /// When there is something to do.
    pub fn next_deadline(&self) -> Option<Boottime> {
        self.probes.values().map(|probe| probe.next).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Boottime = Duration::from_secs(100);
    const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);

    fn packet(octet: u8) -> Vec<u8> {
        vec![octet; 40]
    }

    #[test]
    fn a_silent_host_is_asked_three_times_and_its_packets_come_back() {
        let mut prober = Prober::default();
        assert!(prober.hold(START, HOST, packet(1)));
        assert!(prober.hold(START, HOST, packet(2)));
        for second in 0..3 {
            let now = START + Duration::from_secs(second);
            assert_eq!(prober.next_deadline(), Some(now));
            assert_eq!(prober.poll(now).solicit, [HOST]);
            assert_eq!(prober.poll(now), Due::default());
        }
        let end = START + Duration::from_secs(3);
        assert_eq!(START + Duration::from_nanos(Peer::PROBED_FOR), end);
        let due = prober.poll(end);
        assert_eq!(due.unreachable, [packet(1), packet(2)]);
        assert!(due.solicit.is_empty());
        assert_eq!(prober.next_deadline(), None);
    }

    #[test]
    fn a_host_that_is_heard_gets_what_waited_in_its_order() {
        let mut prober = Prober::default();
        for octet in 1..=Peer::HELD {
            assert!(prober.hold(START, HOST, packet(octet as u8)));
        }
        assert!(!prober.hold(START, HOST, packet(9)), "enough wait");
        assert_eq!(prober.heard(HOST), [packet(1), packet(2), packet(3)]);
        assert_eq!(prober.heard(HOST), Vec::<Vec<u8>>::new());
        assert_eq!(prober.poll(START), Due::default());
    }

    #[test]
    fn hosts_that_are_probed_are_bounded() {
        let mut prober = Prober::default();
        let host = |number: usize| Ipv4Addr::from_bits(0x0a00_0000 + number as u32);
        for number in 0..MOST {
            assert!(prober.hold(START, host(number), packet(1)));
        }
        assert!(!prober.hold(START, host(MOST), packet(1)));
        assert!(prober.hold(START, host(0), packet(2)));
    }
}
