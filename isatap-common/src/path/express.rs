//! What a packet must show by itself where its ends are in the cache, because the checks that depend
//! on addresses alone were made when they came into it.
//!
//! A packet that anything is out of the ordinary with is not for here: `None` is no verdict, but
//! sends it the whole way, [`super::decapsulate`] or [`super::encapsulate`], which has a reason.
//! Nothing is read into a structure first. A kernel program has few registers and a small stack, so
//! each field is loaded where it is used, in the order of octets in which it stands.

use crate::{
    abi::{Nic, Origin},
    addr::{Address, Ipv4},
    octets::Head,
    wire::{
        checksum, ethernet,
        ipv4::{self, Ends},
        ipv6,
    },
};

/// Octets of a frame of protocol 41 that are looked at.
pub const INWARD: usize = INNER + ipv6::LENGTH;
/// Octets of a frame of IPv6 that are looked at.
pub const OUTWARD: usize = PLAIN + ipv6::LENGTH;
/// Where the outer header starts in a frame of protocol 41.
const OUTER: usize = ethernet::LENGTH;
/// Where the inner header starts in it.
const INNER: usize = OUTER + ipv4::LENGTH;
/// Where the header starts in a frame of IPv6.
const PLAIN: usize = ethernet::LENGTH;
/// First two octets of those of 6to4.
const SIX_TO_FOUR: u16 = 0x2002;

/// The EtherType of a frame.
#[inline(always)]
pub fn ethertype(head: &impl Head) -> u16 {
    u16::from_be(head.two(ethernet::LENGTH - 2))
}

/// Whether a frame was sent to the NIC itself. Others reach one that listens to everything, and any where
/// a switch floods; and a packet in a broadcast or multicast frame is not forwarded (RFC 1812 section 5.3.4).
#[inline(always)]
pub fn is_for(head: &impl Head, nic: Nic) -> bool {
    nic.is_meant_by(first(head))
}

/// The first octets of a frame, for [`Nic::is_meant_by`].
#[inline(always)]
pub fn first(head: &impl Head) -> u64 {
    head.eight(0)
}

/// Whether a frame of IPv4 is one of protocol 41.
#[inline(always)]
pub fn is_tunnelled(head: &impl Head) -> bool {
    head.octet(OUTER + 9) == ipv4::PROTOCOL_IPV6
}

/// The length of the inner packet of a frame of protocol 41, of which `present` octets are in one
/// piece.
#[inline(always)]
pub fn inward(head: &impl Head, present: impl FnOnce() -> usize) -> Option<u32> {
    if !begins_plainly(head) || !outer_is_plain(head) {
        return None;
    }
    if !is_ipv6(head, INNER) {
        return None;
    }
    let length = length(head, INNER)?;
    let total = u32::from(u16::from_be(head.two(OUTER + 2)));
    if length + ipv4::LENGTH as u32 > total || OUTER + total as usize > present() {
        return None;
    }
    is_ordinary(head.octet(INNER + 6)).then_some(length)
}

/// Neither a tunnel, which may be refused, nor ICMPv6, whose Neighbor Discovery never leaves the link
/// (RFC 4861). With IPv6 and ICMPv6 goes what has the same two bits, extension headers mostly: three
/// comparisons would cost more than those are worth.
#[inline(always)]
const fn is_ordinary(next_header: u8) -> bool {
    const BITS: u8 = 0b10_1000;
    const { assert!(ipv6::NEXT_IPV6 & BITS == BITS && ipv6::NEXT_ICMPV6 & BITS == BITS) };
    next_header & BITS != BITS && next_header != ipv6::NEXT_IPV4
}

/// No options, no fragment, nothing to say about congestion that the inner header does not, and the
/// checksum is right.
#[inline(always)]
fn outer_is_plain(head: &impl Head) -> bool {
    // Neither flag but Don't Fragment, no offset, any time to live, and the protocol.
    const IRRELEVANT: u32 = 0xc000_ff00_u32.to_be();
    const PROTOCOL: u32 = (ipv4::PROTOCOL_IPV6 as u32).to_be();
    head.four(OUTER + 6) & !IRRELEVANT == PROTOCOL
        && checksum::is_right(
            u64::from(head.four(OUTER))
                + u64::from(head.four(OUTER + 4))
                + u64::from(head.four(OUTER + 8))
                + u64::from(head.four(OUTER + 12))
                + u64::from(head.four(OUTER + 16)),
        )
}

/// Whether a frame is one of IPv4, and the header has no options and says nothing about congestion on the way, or as
/// much as the inner one (RFC 6040 section 4.2).
#[inline(always)]
fn begins_plainly(head: &impl Head) -> bool {
    const PLAIN: u32 = 0x0800_4500_u32.to_be();
    const CONGESTION: u32 = 0b11_u32.to_be();
    const CLASS: u32 = 0xff_u32.to_be();
    let first = head.four(OUTER - 2);
    if first & (!CLASS | CONGESTION) == PLAIN {
        return true;
    }
    let inner = u32::from(head.octet(INNER + 1) >> 4).to_be();
    first & !CLASS == PLAIN && (first ^ inner) & CONGESTION == 0
}

/// Whether the packet at `at` is one of IPv6.
#[inline(always)]
fn is_ipv6(head: &impl Head, at: usize) -> bool {
    const VERSION: u16 = 0xf000_u16.to_be();
    const IPV6: u16 = 0x6000_u16.to_be();
    head.two(at) & VERSION == IPV6
}

/// The length of the IPv6 packet at `at`, if a router may forward it once more.
#[inline(always)]
fn length(head: &impl Head, at: usize) -> Option<u32> {
    let payload = u16::from_be(head.two(at + 4));
    let may_go_on = head.octet(at + ipv6::HOP_LIMIT_AT) > 1;
    (payload != 0 && may_go_on).then(|| u32::from(payload) + ipv6::LENGTH as u32)
}

/// Both halves of the inner source of a frame of protocol 41, without the u bit.
#[inline(always)]
pub fn inner_source(head: &impl Head) -> (u64, u64) {
    const U_BIT: u64 = 0x0200_0000_0000_0000_u64.to_be();
    (head.eight(INNER + 8), head.eight(INNER + 16) & !U_BIT)
}

/// Both outer addresses of a frame of protocol 41 ([`Ends::number`]).
#[inline(always)]
pub fn ends(head: &impl Head) -> u64 {
    head.eight(OUTER + 12)
}

/// Whether the inner source of a frame of protocol 41 is an ISATAP address that embeds the outer one (RFC 5214
/// section 7.3).
#[inline(always)]
pub fn vouches_for_itself(head: &impl Head) -> bool {
    is_isatap(head, INNER + 8) && head.four(INNER + 20) == head.four(OUTER + 12)
}

/// Where a frame comes from that [`vouches_for_itself`].
#[inline(always)]
pub fn origin(head: &impl Head, ifindex: u32) -> Origin {
    Origin {
        prefix: head.eight(INNER + 8),
        ends: Ends::of(ends(head)),
        ifindex,
    }
}

/// The length of the inner packet of a frame of protocol 41 for which [`inward`] has one.
#[inline(always)]
pub fn inner_length(head: &impl Head) -> u32 {
    u32::from(u16::from_be(head.two(INNER + 4))) + ipv6::LENGTH as u32
}

/// The last four octets of the inner destination of a frame of protocol 41.
#[inline(always)]
pub fn inner_remote(head: &impl Head) -> Ipv4 {
    head.four(INNER + 36).to_ne_bytes()
}

/// Whether nothing in the tables of the site is about the inner destination of a frame of protocol 41,
/// unless there are 6rd prefixes: a router may forward to it, it is not of the link, and it embeds no
/// IPv4 address in another form. What then remains of [`super::admit::inbound`] is about the source.
#[inline(always)]
pub fn is_beyond(head: &impl Head) -> bool {
    let at = INNER + 24;
    is_ordinary_address(head, at) && !is_isatap(head, at) && !is_six_to_four(head, at)
}

/// Both halves of the inner source and of the destination of a frame of protocol 41, as they stand in it.
#[inline(always)]
pub fn inner_ends(head: &impl Head) -> [[u64; 2]; 2] {
    let halves = |at| [head.eight(at), head.eight(at + 8)];
    [halves(INNER + 8), halves(INNER + 24)]
}

/// The inner destination of a frame of protocol 41.
#[inline(always)]
pub fn inner_destination(head: &impl Head) -> Address {
    address(head, INNER + 24)
}

/// The length of the IPv6 packet of a frame of which `present` octets are in one piece. Its source is
/// an ordinary native address: one that may be forwarded and embeds no IPv4 address, so it cannot
/// embed ours (RFC 6324 section 3.3).
#[inline(always)]
pub fn outward(head: &impl Head, present: impl FnOnce() -> usize) -> Option<u32> {
    const IPV6: u32 = (ethernet::IPV6 as u32) << 16 | 0x6000;
    const VERSION: u32 = 0xffff_f000;
    if head.four(PLAIN - 2) & VERSION.to_be() != IPV6.to_be() {
        return None;
    }
    let length = length(head, PLAIN)?;
    if PLAIN + length as usize > present() {
        return None;
    }
    let (source, destination) = (PLAIN + 8, PLAIN + 24);
    // One after the other, because numbers that stand for yes and no cost more than branches.
    if !is_ordinary_address(head, source) || !is_ordinary_address(head, destination) {
        return None;
    }
    if is_isatap(head, source) || is_six_to_four(head, source) {
        return None;
    }
    Some(length)
}

/// The length of the IPv6 packet of a frame for which [`outward`] has one.
#[inline(always)]
pub fn plain_length(head: &impl Head) -> u32 {
    u32::from(u16::from_be(head.two(PLAIN + 4))) + ipv6::LENGTH as u32
}

/// Whether a router may forward to the address.
#[inline(always)]
pub const fn is_routed(destination: Address) -> bool {
    !(destination.is_multicast() || destination.is_link_local())
}

/// Whether the address at `at` is between ::/16 and fe00::/7: in the first are those that stand for IPv4
/// addresses, unspecified and loopback, in the second link-local and multicast addresses. Little else
/// is, and goes the whole way.
#[inline(always)]
fn is_ordinary_address(head: &impl Head, at: usize) -> bool {
    head.octet(at) < 0xfe && head.two(at) != 0
}

/// Whether the address at `at` embeds an IPv4 address ([`Address::embedded`]).
#[inline(always)]
fn is_isatap(head: &impl Head, at: usize) -> bool {
    const U_BIT: u32 = 0x0200_0000_u32.to_be();
    const ISATAP: u32 = 0x0000_5efe_u32.to_be();
    head.four(at + 8) & !U_BIT == ISATAP
}

/// Whether the address at `at` is one of 6to4 ([`Address::six_to_four`]).
#[inline(always)]
fn is_six_to_four(head: &impl Head, at: usize) -> bool {
    head.two(at) == SIX_TO_FOUR.to_be()
}

/// The destination of a frame's IPv6 packet.
#[inline(always)]
pub fn destination(head: &impl Head) -> Address {
    address(head, PLAIN + 24)
}

/// Whether that destination embeds an IPv4 address.
#[inline(always)]
pub fn is_to_isatap(head: &impl Head) -> bool {
    is_isatap(head, PLAIN + 24)
}

/// The IPv4 address that it embeds.
#[inline(always)]
pub fn remote(head: &impl Head) -> Option<Ipv4> {
    is_to_isatap(head).then(|| head.four(PLAIN + 36).to_ne_bytes())
}

/// The traffic class of the packet behind the outer header.
#[inline(always)]
pub fn inner_traffic_class(head: &impl Head) -> u8 {
    (u16::from_be(head.two(INNER)) >> 4) as u8
}

#[inline(always)]
fn address(head: &impl Head, at: usize) -> Address {
    Address {
        high: u64::from_be(head.eight(at)),
        low: u64::from_be(head.eight(at + 8)),
    }
}

#[cfg(test)]
mod tests;
