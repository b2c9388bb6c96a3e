use bytemuck::{Pod, Zeroable};

use super::{Traffic, map_types};
use crate::{
    addr::{Address, Ipv4},
    wire::ipv4,
};

/// Lines of [`super::Cache::next_hops`]; a power of two, because the hash is cut to its bits.
pub const NEXT_HOPS_LEN: u32 = 1 << 14;

/// One line of [`super::Cache::next_hops`]: everything that a packet to one inner address
/// needs. Exactly one CPU cache line.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct NextHop {
    /// First half of the inner address, as it stands in a packet.
    pub high: u64,
    /// Second half.
    pub low: u64,
    /// When the line is believed no more, by [`super::Clock`].
    pub until: u64,
    /// Packets to this address since the line was filled.
    pub sent: Traffic,
    /// Destination and source MAC address of the way out, as they stand in a frame.
    pub macs: [u32; 3],
    /// Interface index of the way out.
    pub egress: u32,
    /// Both ends of the tunnel; zero when the way out is native.
    pub ends: ipv4::Ends,
    /// Sum of what outer headers to this address have in common ([`ipv4::Outer::constant_sum`]).
    pub sum: u16,
    /// Largest IP packet, outer header included, that the way out takes and, into the tunnel, that
    /// [`super::Config::mtu`] and a path MTU allow.
    pub mtu: u16,
    /// Identification of the next outer packet, its octets as they stand in the header. Packets differ in it,
    /// which is all that it is for (RFC 6864 section 4).
    pub identification: u16,
    /// Zero.
    pub reserved: u8,
    /// How often it was filled since the kernel last forwarded a packet itself.
    pub refills: u8,
}

impl NextHop {
    /// The place of `address` in the table.
    #[inline(always)]
    pub const fn index(address: Address) -> u32 {
        // As it stands in a packet, which spares the program the turning of octets.
        let (high, low) = (address.high.to_be(), address.low.to_be());
        // The top bits of the product depend on every bit of both halves.
        let mixed = high.wrapping_mul(super::FACTOR).wrapping_add(low);
        (mixed.wrapping_mul(super::FACTOR) >> (64 - NEXT_HOPS_LEN.trailing_zeros())) as u32
    }

    /// Whether this line is about that address.
    #[inline(always)]
    pub const fn is_of(&self, address: Address) -> bool {
        self.high == address.high.to_be() && self.low == address.low.to_be()
    }

    /// The inner address.
    #[inline(always)]
    pub const fn address(&self) -> Address {
        Address {
            high: u64::from_be(self.high),
            low: u64::from_be(self.low),
        }
    }

    /// Whether the way leads into the tunnel.
    #[inline(always)]
    pub const fn is_tunnel(&self) -> bool {
        u32::from_ne_bytes(self.ends.destination) != 0
    }

    /// The outer header of the next packet into the tunnel, which says `traffic_class` and `common`;
    /// `total_length` counts it (RFC 4213 section 3.5).
    #[inline(always)]
    pub fn outer(
        &mut self,
        traffic_class: u8,
        total_length: u16,
        common: ipv4::Common,
    ) -> ipv4::Sealed {
        let outer = self.header(traffic_class, total_length, common);
        self.identification = self.identification.wrapping_add(1);
        outer.seal_with(self.sum, 0)
    }

    /// The same to `remote`, whose last octet is `host` where that of [`NextHop::ends`] is zero.
    #[inline(always)]
    pub(super) fn outer_to(
        &mut self,
        remote: Ipv4,
        host: u8,
        traffic_class: u8,
        total_length: u16,
        common: ipv4::Common,
    ) -> ipv4::Sealed {
        let outer = ipv4::Outer {
            ends: ipv4::Ends {
                destination: remote,
                ..self.ends
            },
            ..self.header(traffic_class, total_length, common)
        };
        self.identification = self.identification.wrapping_add(1);
        outer.seal_with(self.sum, u16::from_ne_bytes([0, host]))
    }

    /// What [`NextHop::sum`] should be.
    #[inline(always)]
    pub fn constant_sum(&self) -> u16 {
        self.header(0, 0, ipv4::Common(0)).constant_sum()
    }

    #[inline(always)]
    const fn header(
        &self,
        traffic_class: u8,
        total_length: u16,
        common: ipv4::Common,
    ) -> ipv4::Outer {
        ipv4::Outer {
            traffic_class,
            total_length,
            identification: self.identification,
            common,
            ends: self.ends,
        }
    }
}

map_types!(NextHop);

const _: () = assert!(size_of::<NextHop>() == 64);
const _: () = assert!(NEXT_HOPS_LEN.is_power_of_two());
