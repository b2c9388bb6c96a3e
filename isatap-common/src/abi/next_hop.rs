use bytemuck::{Pod, Zeroable};

use super::map_types;
use crate::addr::Address;

/// Entries of `NEXT_HOPS` per CPU; a power of two, because the hash is masked with it.
pub const NEXT_HOPS_LEN: u32 = 1 << 14;

/// One line of the forwarding cache `NEXT_HOPS`: everything that a packet to, or from, one inner
/// address needs. Exactly one CPU cache line.
///
/// The table is direct-mapped: [`NextHop::index`] of the inner address names the only place
/// where its entry can be.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct NextHop {
    /// Destination and source MAC address of the way out, as they stand in a frame.
    pub macs: [u8; 12],
    /// Outer destination; zero when the way out is native.
    pub remote: [u8; 4],
    /// First half of the inner IPv6 address, a big-endian number's value.
    pub high: u64,
    /// Second half.
    pub low: u64,
    /// Low 32 bits of `bpf_jiffies64` when it was filled.
    pub filled: u32,
    /// Interface index of the way out.
    pub egress: u32,
    /// The generation in which packets to the address may leave as the entry says; zero is none.
    pub forward: u16,
    /// The generation in which packets from the address, to the entry's locator on its interface,
    /// are admitted; zero is none.
    pub source: u16,
    /// Largest IP packet, outer header included, that the way out takes and, into the tunnel, that
    /// [`super::Config::mtu`] allows.
    pub mtu: u16,
    /// Place of our address in [`super::Config::locators`].
    pub locator: u8,
    /// How often it was filled since the kernel last forwarded a packet itself.
    pub refills: u8,
    /// Packets from this address since the entry was filled.
    pub heard: Traffic,
    /// Packets to this address since the entry was filled.
    pub sent: Traffic,
}

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

impl NextHop {
    /// The place of `address` in the table.
    #[inline(always)]
    pub const fn index(address: Address) -> u32 {
        // Fibonacci hashing: the top bits of the product depend on every bit of both halves.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = address.high.wrapping_mul(FACTOR).wrapping_add(address.low);
        (mixed.wrapping_mul(FACTOR) >> (64 - NEXT_HOPS_LEN.trailing_zeros())) as u32
    }

    /// The inner address.
    #[inline(always)]
    pub const fn address(&self) -> Address {
        Address {
            high: self.high,
            low: self.low,
        }
    }
}

map_types!(NextHop);

const _: () = assert!(size_of::<NextHop>() == 64);
const _: () = assert!(NEXT_HOPS_LEN.is_power_of_two());
