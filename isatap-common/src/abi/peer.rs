use bytemuck::{Pod, Zeroable};

use super::{Role, map_types};

/// Value of `PEERS`, keyed by the embedded IPv4 address: a node of the link that was heard from,
/// sent to or asked for. Times are nanoseconds of `CLOCK_BOOTTIME`; zero is never.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Peer {
    /// When a packet from it was last admitted.
    pub last_heard: u64,
    /// When a packet was last sent to it, or when a probe began that holds its packets up.
    pub last_sent: u64,
    /// Until when `path_mtu` holds.
    pub path_mtu_deadline: u64,
    /// Packets from it.
    pub packets_in: u64,
    /// Inner bytes from it.
    pub bytes_in: u64,
    /// Packets to it.
    pub packets_out: u64,
    /// Inner bytes to it.
    pub bytes_out: u64,
    /// IPv4 path MTU in bytes; zero is unknown.
    pub path_mtu: u32,
    /// [`Reachability`] as a number.
    pub reachability: u32,
    /// Our locator that it last sent to, which its router list has; zero is unknown.
    pub local: [u8; 4],
    /// Packets that were handed to the daemon since the probe began.
    pub held: u32,
    /// An inner destination at the peer to which a packet from a native address may be sent: for all of
    /// [`crate::path::admit::outbound`] but [`Peer::hearing`]. First half, as it stands in a packet.
    pub cleared_high: u64,
    /// Second half.
    pub cleared_low: u64,
    /// Until when that is believed, by [`super::Clock`].
    pub cleared_until: u64,
}

impl Peer {
    /// The IPv4 path MTU, if one is known at `now`.
    #[inline(always)]
    pub const fn path_mtu_at(&self, now: u64) -> Option<u32> {
        if self.path_mtu != 0 && now < self.path_mtu_deadline {
            Some(self.path_mtu)
        } else {
            None
        }
    }
}

/// Neighbor Unreachability Detection state of a peer (RFC 4861 section 7.3.2). A router probes hosts that
/// it has not heard from; a host asks peers that it sends to and does not hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Reachability {
    /// Nothing is known, and nothing speaks against it.
    #[default]
    Unknown = 0,
    /// It answered within ReachableTime.
    Reachable = 1,
    /// It answered longer ago.
    Stale = 2,
    /// In use, waiting for a hint from above.
    Delay = 3,
    /// Being probed, or silent when it was.
    Probe = 4,
    /// It did not answer, or an ICMPv4 error said that it is out of reach. A host probes it for the next
    /// packet, and so on until it is heard.
    Unreachable = 5,
}

/// Whether a packet may be sent to a peer: by a router to those that it has heard from (RFC 6324 section
/// 3.1.1), by a host to all but those that do not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// Nothing speaks against it.
    Heard,
    /// It has to be probed first.
    Unheard,
    /// It is being probed, and one more packet may wait for the outcome.
    Probed,
    /// It is being probed, and enough packets wait.
    Waiting,
    /// It did not answer a probe.
    Silent,
    /// It was not heard from, and too many such hosts are probed already.
    Refused,
}

impl Peer {
    /// Nanoseconds for which a host counts as heard from: the default Router Lifetime (RFC 4861
    /// section 6.2.1), within which every host has to solicit again that has a default route.
    pub const HEARD_FOR: u64 = 1800 * SECOND;
    /// Nanoseconds that a probe takes: three solicitations, a second apart (RFC 4861 section 10).
    pub const PROBED_FOR: u64 = 3 * SECOND;
    /// Nanoseconds after which a host that did not answer may be probed again.
    pub const SILENT_FOR: u64 = 15 * SECOND;
    /// Packets that wait for the outcome of a probe.
    pub const HELD: u32 = 3;

    /// What the peer is at `now` to a router or a host.
    #[inline(always)]
    pub const fn hearing(&self, now: u64, role: Role) -> Hearing {
        match role {
            Role::Router => self.hearing_by_router(now),
            Role::Host => self.hearing_by_host(now),
        }
    }

    #[inline(always)]
    const fn hearing_by_router(&self, now: u64) -> Hearing {
        if self.last_heard != 0 && now.saturating_sub(self.last_heard) < Self::HEARD_FOR {
            return Hearing::Heard;
        }
        match now.saturating_sub(self.last_sent) {
            _ if !self.is_probed(Role::Router) => Hearing::Unheard,
            age if age >= Self::SILENT_FOR => Hearing::Unheard,
            age if age >= Self::PROBED_FOR => Hearing::Silent,
            _ => self.waiting(),
        }
    }

    /// Every packet for a peer that did not answer may begin another probe (RFC 4861 section 7.3.3).
    #[inline(always)]
    const fn hearing_by_host(&self, now: u64) -> Hearing {
        match now.saturating_sub(self.last_sent) {
            _ if !self.is_probed(Role::Host) => Hearing::Heard,
            age if age >= Self::PROBED_FOR => Hearing::Unheard,
            _ => self.waiting(),
        }
    }

    #[inline(always)]
    const fn waiting(&self) -> Hearing {
        if self.held < Self::HELD {
            Hearing::Probed
        } else {
            Hearing::Waiting
        }
    }

    /// The state of a peer whose packets are held up.
    #[inline(always)]
    pub const fn probed_by(role: Role) -> Reachability {
        match role {
            Role::Router => Reachability::Probe,
            Role::Host => Reachability::Unreachable,
        }
    }

    /// Whether its packets are held up, so that `last_sent` says since when.
    #[inline(always)]
    pub const fn is_probed(&self, role: Role) -> bool {
        self.reachability == Self::probed_by(role) as u32
    }
}

/// The one record of `PROBES`: how many hosts that were not heard from are probed; and those of
/// `SOLICITS`. A token bucket, kept as the time at which it will be full.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Probes {
    /// Nanoseconds of `CLOCK_BOOTTIME`.
    pub full_at: u64,
}

impl Probes {
    /// Nanoseconds by which a burst may run ahead of the rate.
    const BURST: u64 = SECOND / 5;

    /// Whether one more host may be probed at `now`, where `interval` nanoseconds are between two.
    #[inline(always)]
    pub const fn has_token(self, now: u64, interval: u32) -> bool {
        let interval = interval as u64;
        let burst = if Self::BURST > interval {
            Self::BURST
        } else {
            interval
        };
        self.full_at.saturating_add(interval) <= now.saturating_add(burst)
    }
}

const SECOND: u64 = 1_000_000_000;

map_types!(Peer, Probes);

const _: () = assert!(size_of::<Peer>() == 96);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 10_000 * SECOND;

    #[test]
    fn a_host_is_heard_from_for_half_an_hour() {
        let heard = |ago: u64| Peer {
            last_heard: NOW - ago,
            ..Peer::default()
        };
        let hearing = |peer: Peer| peer.hearing(NOW, Role::Router);
        assert_eq!(hearing(Peer::default()), Hearing::Unheard);
        assert_eq!(hearing(heard(0)), Hearing::Heard);
        assert_eq!(hearing(heard(Peer::HEARD_FOR - 1)), Hearing::Heard);
        assert_eq!(hearing(heard(Peer::HEARD_FOR)), Hearing::Unheard);
    }

    #[test]
    fn a_probe_lets_few_packets_wait_and_its_silence_is_remembered() {
        let probed = |ago: u64, held| Peer {
            last_sent: NOW - ago,
            reachability: Reachability::Probe as u32,
            held,
            ..Peer::default()
        };
        for (ago, held, hearing) in [
            (0, 1, Hearing::Probed),
            (0, Peer::HELD, Hearing::Waiting),
            (Peer::PROBED_FOR - 1, 2, Hearing::Probed),
            (Peer::PROBED_FOR, 1, Hearing::Silent),
            (Peer::SILENT_FOR - 1, 1, Hearing::Silent),
            (Peer::SILENT_FOR, 1, Hearing::Unheard),
        ] {
            let found = probed(ago, held).hearing(NOW, Role::Router);
            assert_eq!(found, hearing, "{ago} {held}");
        }
        let answered = Peer {
            last_heard: NOW,
            ..probed(SECOND, Peer::HELD)
        };
        assert_eq!(answered.hearing(NOW, Role::Router), Hearing::Heard);
    }

    #[test]
    fn a_host_sends_to_all_but_those_that_do_not_answer() {
        let peer = |reachability, ago: u64, held| Peer {
            last_heard: NOW - SECOND,
            last_sent: NOW - ago,
            reachability: reachability as u32,
            held,
            ..Peer::default()
        };
        for (peer, hearing) in [
            (Peer::default(), Hearing::Heard),
            (peer(Reachability::Stale, 0, Peer::HELD), Hearing::Heard),
            (peer(Reachability::Unreachable, 0, 0), Hearing::Probed),
            (
                peer(Reachability::Unreachable, 0, Peer::HELD),
                Hearing::Waiting,
            ),
            (
                peer(Reachability::Unreachable, Peer::PROBED_FOR, 0),
                Hearing::Unheard,
            ),
        ] {
            assert_eq!(peer.hearing(NOW, Role::Host), hearing, "{peer:?}");
        }
    }

    #[test]
    fn a_second_yields_the_rate_and_one_burst() {
        for rate in [1, 50, 1000] {
            let interval = (SECOND / rate) as u32;
            let mut probes = Probes::default();
            let mut taken = 0;
            for now in (NOW..NOW + SECOND).step_by(50_000) {
                if probes.has_token(now, interval) {
                    probes.full_at = probes.full_at.max(now) + u64::from(interval);
                    taken += 1;
                }
            }
            assert!((rate..=rate + rate / 5 + 1).contains(&taken), "{taken}");
        }
    }

    #[test]
    fn a_path_mtu_holds_until_its_deadline() {
        let peer = Peer {
            path_mtu: 1400,
            path_mtu_deadline: 600,
            ..Peer::default()
        };
        assert_eq!(peer.path_mtu_at(599), Some(1400));
        assert_eq!(peer.path_mtu_at(600), None);
        assert_eq!(Peer::default().path_mtu_at(0), None);
    }
}
