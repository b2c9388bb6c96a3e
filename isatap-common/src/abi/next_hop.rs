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
    /// First half of the inner IPv6 address, a big-endian number's value.
    pub high: u64,
    /// Second half; of an ISATAP address the u bit is cleared.
    pub low: u64,
    /// Low 32 bits of `bpf_jiffies64` when it was filled.
    pub filled: u32,
    /// Interface index of the way out.
    pub egress: u32,
    /// Outer destination; zero when the way out is native.
    pub remote: [u8; 4],
    /// Low 16 bits of [`super::Config::generation`] when it was filled.
    pub generation: u16,
    /// Largest IP packet, outer header included, that the way out takes.
    pub mtu: u16,
    /// Place of our address in [`super::Config::locators`].
    pub locator: u16,
    /// [`NextHop::FORWARD`] and [`NextHop::SOURCE`].
    pub flags: u16,
    /// Destination MAC address of the way out.
    pub destination_mac: [u8; 6],
    /// Source MAC address of the way out.
    pub source_mac: [u8; 6],
    /// Packets from this address since the entry was filled.
    pub packets_in: u32,
    /// Inner bytes from this address since the entry was filled.
    pub bytes_in: u32,
    /// Packets to this address since the entry was filled.
    pub packets_out: u32,
    /// Inner bytes to this address since the entry was filled.
    pub bytes_out: u32,
}

impl NextHop {
    /// Packets to the address may leave as the entry says.
    pub const FORWARD: u16 = 1 << 0;
    /// Packets from the address, to the entry's locator on its interface, are admitted.
    pub const SOURCE: u16 = 1 << 1;

    /// The place of `address`, whose u bit is cleared, in the table.
    #[inline(always)]
    pub const fn index(address: Address) -> u32 {
        // Fibonacci hashing: the top bits of the product depend on every bit of both halves.
        let mixed =
            (address.high ^ address.low.rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (64 - NEXT_HOPS_LEN.trailing_zeros())) as u32
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
