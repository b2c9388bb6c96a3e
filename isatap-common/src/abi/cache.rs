use bytemuck::{Pod, Zeroable};

use super::{
    BLOCKS_LEN, Config, Counter, Direction, NEXT_HOPS_LEN, NICS_LEN, NextHop, Nic, SOURCES_LEN,
    Source, SourceBlock, WayBlock, map_types,
};

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
    pub copied: u8,
    /// Zero.
    pub reserved: [u8; 7],
    /// What outer headers have in common ([`crate::wire::ipv4::Common`]); user space sets it.
    pub common: u64,
    /// Which of the packets that lines of blocks forward are accounted for, by [`Direction`].
    pub samplers: [Sampler; Direction::ALL.len()],
    /// Whose frames are forwarded, by [`Nic::index`] of the interface that they came in through; user space
    /// sets it.
    pub nics: [Nic; NICS_LEN as usize],
    /// Hosts that were admitted, by [`Source::index`].
    pub sources: [Source; SOURCES_LEN as usize],
    /// Ways out, by [`NextHop::index`].
    pub next_hops: [NextHop; NEXT_HOPS_LEN as usize],
    /// Blocks of hosts that were admitted, by [`super::Block::index`]: for those whose place in `sources`
    /// another host has.
    pub source_blocks: [SourceBlock; BLOCKS_LEN as usize],
    /// Blocks of hosts with their way, by [`super::Block::index`]: for those whose place in `next_hops`
    /// another address has.
    pub way_blocks: [WayBlock; BLOCKS_LEN as usize],
}

/// Chooses the packets for which an account is looked up where no line counts for it: one of so many, at
/// random, stands for all of them.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Sampler {
    /// Packets until the next that is chosen.
    pub left: u16,
    /// Packets that it stands for.
    pub all: u16,
}

impl Sampler {
    /// Packets between one that is chosen and the next, at most.
    pub const MOST: u16 = 1024;

    /// Counts a packet that is not chosen; nothing of one that is.
    #[inline(always)]
    pub const fn passes(&mut self) -> bool {
        let passes = self.left > 1;
        if passes {
            self.left -= 1;
        }
        passes
    }

    /// Counts a packet, and says for how many it stands if it is chosen. `random` is asked then.
    #[inline(always)]
    pub fn chosen(&mut self, random: impl FnOnce() -> u32) -> Option<u16> {
        if self.passes() {
            return None;
        }
        let all = self.all;
        self.all = (random() as u16 & (Self::MOST - 1)) + 1;
        self.left = self.all;
        Some(all)
    }
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

map_types!(Cache, Clock, Sampler);

// The lines must not straddle those of the CPU.
const _: () = assert!(core::mem::offset_of!(Cache, nics) == 64);
const _: () = assert!(core::mem::offset_of!(Cache, sources) % 64 == 0);
const _: () = assert!(core::mem::offset_of!(Cache, next_hops) % 64 == 0);
const _: () = assert!(core::mem::offset_of!(Cache, source_blocks) % 64 == 0);
const _: () = assert!(core::mem::offset_of!(Cache, way_blocks) % 64 == 0);
// No larger value is made by every kernel.
const _: () = assert!(size_of::<Cache>() <= 4 << 20);

/// Packets and bytes of a second in one number, so that counting both is one addition: 2^24
/// packets, 2^40 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Traffic(pub u64);

impl Traffic {
    /// Where the bytes start. Below them, a packet is a small number, which is in the instruction.
    const BYTES: u32 = 24;

    /// `packets` of `bytes` in all.
    #[inline(always)]
    pub const fn new(packets: u32, bytes: u32) -> Self {
        Self(((bytes as u64) << Self::BYTES) | packets as u64)
    }

    /// Adds `other`.
    #[inline(always)]
    pub const fn add(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }

    /// Packets.
    #[inline(always)]
    pub const fn packets(self) -> u64 {
        self.0 & ((1 << Self::BYTES) - 1)
    }

    /// Inner bytes.
    #[inline(always)]
    pub const fn bytes(self) -> u64 {
        self.0 >> Self::BYTES
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

    /// What the chosen packets stand for is all but what is still to come of the last span; whoever is in doubt may ask
    /// first.
    #[test]
    fn chosen_packets_stand_for_all() {
        let mut seed = 1_u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 16
        };
        let mut sampler = Sampler::default();
        let (mut chosen, mut all) = (0_u32, 0_u32);
        for sent in 1..=1_000_000 {
            if sent % 2 == 0 && sampler.passes() {
                continue;
            }
            if let Some(packets) = sampler.chosen(&mut random) {
                chosen += 1;
                all += u32::from(packets);
            }
            assert!(all <= sent && sent - all <= u32::from(Sampler::MOST));
        }
        let span = 1_000_000 / chosen;
        assert!((450..580).contains(&span), "{span}");
    }

    #[test]
    fn a_line_that_was_never_filled_is_not_believed() {
        assert!(Clock::default().at(0) >= NextHop::default().until);
    }
}
