use bytemuck::{Pod, Zeroable};

use super::{NextHop, Origin, Traffic, map_types};
use crate::{
    addr::{Address, Ipv4},
    wire::ipv4,
};

/// Lines of each table of blocks; a power of two, because the hash is cut to its bits.
pub const BLOCKS_LEN: u32 = 1 << 13;

/// What is known of the hosts of one block: 256 IPv4 addresses that differ in the last octet.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Block {
    /// When nothing of it is believed any more, by [`super::Clock`].
    pub until: u64,
    /// A bit for each host for which the whole decision was made, by the last octet.
    pub hosts: [u64; 4],
    /// [`super::Config::generation`] of those decisions.
    pub generation: u16,
    /// The span of [`Block::EPOCH`] seconds in which they were made.
    pub epoch: u8,
    /// How many hosts; 255 stands for more as well.
    pub count: u8,
    /// The address of the block, whose last octet is zero.
    pub network: Ipv4,
}

/// One line of [`super::Cache::source_blocks`]: nodes of the link whose packets have been admitted, as
/// [`super::Source`] is about one. Exactly one CPU cache line.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct SourceBlock {
    /// First half of the inner sources, as it stands in a packet.
    pub prefix: u64,
    /// The nodes.
    pub block: Block,
    /// Outer destination: our locator.
    pub local: Ipv4,
    /// Interface of the locator.
    pub ifindex: u32,
}

/// One line of [`super::Cache::way_blocks`]: nodes of the link that packets reach by one way.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct WayBlock {
    /// The way, to the address of the block.
    pub way: NextHop,
    /// The nodes.
    pub block: Block,
    /// Zero.
    pub reserved: [u64; 2],
}

/// When a host was decided on, and by which settings.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    /// [`super::Config::generation`] before it.
    pub generation: u16,
    /// Ticks for which it is believed.
    pub fresh: u32,
    /// The time, by [`super::Clock`].
    pub now: u64,
}

/// The block of an address.
#[inline(always)]
const fn network(remote: Ipv4) -> Ipv4 {
    let [a, b, c, _] = remote;
    [a, b, c, 0]
}

/// Compared as numbers: octets in a map would be loaded one by one.
#[inline(always)]
const fn is_same(one: Ipv4, other: Ipv4) -> bool {
    u32::from_ne_bytes(one) == u32::from_ne_bytes(other)
}

impl Block {
    /// With fewer hosts a line is not asked, and has to make room for another block: so many have room
    /// for lines of their own.
    pub const FEW: u8 = 4;
    /// Seconds after which each host is decided on anew.
    pub const EPOCH: u64 = 64;

    /// The place of a block in its table.
    #[inline(always)]
    pub const fn index(prefix: u64, remote: Ipv4) -> u32 {
        // Fibonacci hashing: blocks that follow each other fall apart.
        let number = u32::from_be_bytes(remote) >> 8;
        let mixed = prefix
            .wrapping_mul(super::FACTOR)
            .wrapping_add(number as u64);
        (mixed.wrapping_mul(super::FACTOR) >> (64 - BLOCKS_LEN.trailing_zeros())) as u32
    }

    /// Whether it is known of `remote`, a host of this block, that it was decided on.
    #[inline(always)]
    pub fn has(&self, remote: Ipv4, now: u64) -> bool {
        let [.., host] = remote;
        let word = self.hosts.get((host >> 6) as usize);
        now < self.until
            && self.count >= Self::FEW
            && word.is_some_and(|word| word >> (host & 63) & 1 != 0)
    }

    /// Whether another block may have the line.
    #[inline(always)]
    const fn makes_room(&self, now: u64) -> bool {
        now >= self.until || self.count < Self::FEW
    }

    /// An empty one of which `remote` is a host.
    #[inline(always)]
    fn around(remote: Ipv4) -> Self {
        Self {
            network: network(remote),
            ..Self::default()
        }
    }

    /// Remembers that `remote`, a host of this block, was decided on. What was known of the others goes on
    /// for another second, unless the settings have changed since or it is old.
    #[inline(always)]
    fn learn(&mut self, remote: Ipv4, index: u32, decision: &Decision) {
        let Decision {
            generation,
            fresh,
            now,
        } = *decision;
        if now >= self.until {
            let epoch = Self::epoch(index, decision);
            let age = now.wrapping_sub(self.until);
            if self.generation != generation
                || self.epoch != epoch
                || age > Self::EPOCH * u64::from(fresh)
            {
                self.hosts = [0; 4];
                (self.count, self.generation, self.epoch) = (0, generation, epoch);
            }
            self.until = now + u64::from(fresh);
        }
        // A change that came after the decision.
        if self.generation != generation {
            return;
        }
        let [.., host] = remote;
        if let Some(word) = self.hosts.get_mut((host >> 6) as usize) {
            let bit = 1 << (host & 63);
            if *word & bit == 0 {
                *word |= bit;
                self.count = self.count.saturating_add(1);
            }
        }
    }

    /// Counts spans of [`Block::EPOCH`] seconds, in each of which hosts are decided on anew. That of one
    /// line ends earlier than that of another, so that not all have to be at once.
    #[inline(always)]
    const fn epoch(index: u32, decision: &Decision) -> u8 {
        const LINES_A_SECOND: u32 = BLOCKS_LEN / Block::EPOCH as u32;
        let ticks = if decision.fresh == 0 {
            1
        } else {
            decision.fresh
        };
        let seconds = decision.now / ticks as u64 + (index / LINES_A_SECOND) as u64;
        (seconds / Self::EPOCH) as u8
    }
}

impl SourceBlock {
    /// Whether this line is about the block of that origin.
    #[inline(always)]
    pub const fn is_of(&self, origin: &Origin) -> bool {
        self.prefix == origin.prefix
            && is_same(self.block.network, network(origin.ends.source))
            && is_same(self.local, origin.ends.destination)
            && self.ifindex == origin.ifindex
    }

    /// Whether packets of that origin have been admitted.
    #[inline(always)]
    pub fn has(&self, origin: &Origin, now: u64) -> bool {
        self.is_of(origin) && self.block.has(origin.ends.source, now)
    }

    /// Remembers that they have.
    #[inline(always)]
    pub fn learn(&mut self, origin: &Origin, decision: &Decision) {
        if !self.is_of(origin) {
            if !self.block.makes_room(decision.now) {
                return;
            }
            *self = Self {
                prefix: origin.prefix,
                block: Block::around(origin.ends.source),
                local: origin.ends.destination,
                ifindex: origin.ifindex,
            };
        }
        let index = Block::index(origin.prefix, origin.ends.source);
        self.block.learn(origin.ends.source, index, decision);
    }
}

impl WayBlock {
    /// After so many seconds in which it was used the kernel forwards one packet itself, so that its
    /// neighbour entry is confirmed although the programs bypass it. Mostly the lines of single addresses
    /// have seen to that before.
    const REVALIDATION: u8 = 240;

    /// The address of the block of `to`.
    #[inline(always)]
    const fn of(to: Address) -> Address {
        Address {
            high: to.high,
            low: to.low & !0xff,
        }
    }

    /// Whether packets to `to`, which embeds `remote`, are known to leave by this way.
    #[inline(always)]
    pub fn has(&self, to: Address, remote: Ipv4, now: u64) -> bool {
        self.way.is_of(Self::of(to)) && self.block.has(remote, now)
    }

    /// Remembers that they leave by `found`, which is about `to`, and says whether the kernel should
    /// forward this one. A way that is believed stays; a host that has another does without.
    #[inline(always)]
    pub fn learn(&mut self, found: &NextHop, decision: &Decision) -> bool {
        let (to, remote, now) = (found.address(), found.ends.destination, decision.now);
        let block = Self::of(to);
        if !self.way.is_of(block) || !self.leads_as(found) {
            if !self.block.makes_room(now) {
                return false;
            }
            self.take(found, block);
        }
        let is_renewed = now >= self.block.until;
        self.block
            .learn(remote, Block::index(to.high.to_be(), remote), decision);
        if !is_renewed {
            return false;
        }
        let is_due = self.way.refills >= Self::REVALIDATION;
        self.way.refills = if is_due { 0 } else { self.way.refills + 1 };
        is_due
    }

    /// Whether `found` is the same way.
    #[inline(always)]
    fn leads_as(&self, found: &NextHop) -> bool {
        self.way.macs == found.macs
            && self.way.egress == found.egress
            && is_same(self.way.ends.source, found.ends.source)
            && self.way.mtu == found.mtu
    }

    #[inline(always)]
    fn take(&mut self, found: &NextHop, block: Address) {
        self.way = *found;
        (self.way.high, self.way.low) = (block.high.to_be(), block.low.to_be());
        self.way.ends.destination = network(found.ends.destination);
        self.way.sum = self.way.constant_sum();
        (self.way.sent, self.way.refills) = (Traffic::default(), 0);
        self.block = Block::around(found.ends.destination);
    }

    /// The outer header of the next packet to `remote`, a host of this block, as [`NextHop::outer`] is
    /// that to one address.
    #[inline(always)]
    pub fn outer(
        &mut self,
        remote: Ipv4,
        traffic_class: u8,
        total_length: u16,
        common: ipv4::Common,
    ) -> ipv4::Sealed {
        let [.., host] = remote;
        self.way
            .outer_to(remote, host, traffic_class, total_length, common)
    }
}

map_types!(Block, SourceBlock, WayBlock);

const _: () = assert!(size_of::<SourceBlock>() == 64);
const _: () = assert!(size_of::<WayBlock>() == 128);
const _: () = assert!(BLOCKS_LEN.is_power_of_two());

#[cfg(test)]
mod tests;
