use bytemuck::{Pod, Zeroable};

use super::{Config, Counter, Direction, NEXT_HOPS_LEN, NextHop, SOURCES_LEN, Source, map_types};

/// An odd number near 2^64 divided by the golden ratio (Fibonacci hashing).
pub(super) const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Value of `NEXT_HOPS`, one for each CPU: all that a packet needs whose ends are known, so that
/// one look-up reaches it. The tables in it are direct-mapped.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Cache {
    /// Until when lines are believed.
    pub clock: Clock,
    /// What XDP forwarded as the cache said, by [`Direction`]: readers add it to `COUNTERS`.
    pub forwarded: [Counter; Direction::ALL.len()],
    /// The bits of the inner traffic class that an outer header of ours has as well
    /// ([`crate::path::ecn::copied`]); user space sets it.
    pub copied: u64,
    /// What outer headers have in common ([`crate::wire::ipv4::Common`]); user space sets it.
    pub common: u64,
    /// Zero.
    pub reserved: u64,
    /// Hosts that were admitted, by [`Source::index`].
    pub sources: [Source; SOURCES_LEN as usize],
    /// Ways out, by [`NextHop::index`].
    pub next_hops: [NextHop; NEXT_HOPS_LEN as usize],
}

/// The clock of a cache, which tells until when lines are believed: ticks of `bpf_jiffies64`, and a
/// step forward with each generation, as long as a line is believed. So one comparison tells a line
/// that is too old, one of an earlier generation, and one that was never filled; the clock never
/// goes back and does not wrap.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Clock {
    /// How far it is ahead of the ticks; user space writes it.
    pub ahead: u64,
}

impl Clock {
    /// The time, by the ticks.
    #[inline(always)]
    pub const fn at(self, ticks: u64) -> u64 {
        self.ahead.wrapping_add(ticks)
    }

    /// The clock of the next generation: no line that is believed now is believed by it.
    #[must_use]
    pub const fn ahead_of(self, config: &Config) -> Self {
        Self {
            ahead: self.ahead.wrapping_add(config.fresh_jiffies as u64),
        }
    }
}

map_types!(Cache, Clock);

// The lines must not straddle those of the CPU.
const _: () = assert!(core::mem::offset_of!(Cache, sources) == 64);
const _: () = assert!(core::mem::offset_of!(Cache, next_hops) % 64 == 0);

/// Packets and bytes of a second in one number, so that counting both is one addition: 2^24
/// packets, 2^40 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Traffic(pub u64);

impl Traffic {
    /// Where the packets start.
    const PACKETS: u32 = 40;

    /// `packets` of `bytes` in all.
    #[inline(always)]
    pub const fn new(packets: u32, bytes: u32) -> Self {
        Self(((packets as u64) << Self::PACKETS) | bytes as u64)
    }

    /// Adds `other`.
    #[inline(always)]
    pub const fn add(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }

    /// Packets.
    #[inline(always)]
    pub const fn packets(self) -> u64 {
        self.0 >> Self::PACKETS
    }

    /// Inner bytes.
    #[inline(always)]
    pub const fn bytes(self) -> u64 {
        self.0 & ((1 << Self::PACKETS) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: u64 = 250;

    fn next(clock: Clock) -> Clock {
        clock.ahead_of(&Config {
            fresh_jiffies: FRESH as u32,
            ..Config::zeroed()
        })
    }

    #[test]
    fn a_line_is_believed_for_a_second_of_its_generation() {
        let clock = next(Clock::default());
        let until = clock.at(1_000) + FRESH;
        assert!(clock.at(1_249) < until);
        assert!(clock.at(1_250) >= until);
        assert!(next(clock).at(1_000) >= until);
    }

    #[test]
    fn a_line_that_was_never_filled_is_not_believed() {
        assert!(Clock::default().at(0) >= NextHop::default().until);
    }
}
