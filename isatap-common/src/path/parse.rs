//! Bytes → what the packet is, or why it is not ours.

use super::Reason;
use crate::{
    abi::Origin,
    octets::Octets,
    wire::{
        ipv4::{self, Ends},
        ipv6,
    },
};

/// A whole protocol-41 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The outer header.
    pub outer: ipv4::Header,
    /// The inner header.
    pub inner: ipv6::Header,
    /// The ICMPv6 type, if an ICMPv6 message follows the inner header directly.
    pub icmp_type: Option<u8>,
}

impl Inbound {
    /// Who sent the packet that came in through the interface `ifindex`, if it was a host of the
    /// link.
    #[inline(always)]
    pub const fn origin(&self, ifindex: u32) -> Origin {
        Origin {
            prefix: self.inner.source.high.to_be(),
            ends: Ends {
                source: self.outer.source,
                destination: self.outer.destination,
            },
            ifindex,
        }
    }

    /// Who vouches for the packet, where that can be told for packets to come as well: the host that
    /// its source embeds, or the router that forwarded it from a native address (RFC 5214 section
    /// 7.3).
    #[inline(always)]
    pub fn vouched_by(&self, ifindex: u32) -> Option<Origin> {
        let source = self.inner.source;
        match source.embedded() {
            Some(host) => (host == self.outer.source).then(|| self.origin(ifindex)),
            None if source.is_martian_source() || source.is_link_local() => None,
            None => Some(Origin {
                prefix: Origin::ANY_NATIVE,
                ..self.origin(ifindex)
            }),
        }
    }
}

/// A whole IPv6 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// Its header.
    pub inner: ipv6::Header,
}

/// Reads the protocol-41 packet at `at`, if its outer header needs no closer look: what [`outer`],
/// [`is_plain`] and [`inner`] make of it, without their reasons.
#[inline(always)]
pub fn plain(packet: &(impl Octets + ?Sized), at: usize) -> Option<Inbound> {
    let (outer, inner) = packet.read_both::<{ ipv4::LENGTH }, { ipv6::LENGTH }>(at)?;
    let outer = ipv4::Header::parse(&outer);
    let is_ours = outer.version == 4 && outer.words == 5 && outer.protocol == ipv4::PROTOCOL_IPV6;
    if !is_ours || outer.is_fragment || !outer.checksum_is_valid {
        return None;
    }
    let end = at + usize::from(outer.total_length);
    inbound(packet, at + ipv4::LENGTH, outer, &inner, end).ok()
}

/// Reads the outer header at `at`, if it is one of protocol 41.
#[inline(always)]
pub fn outer(packet: &(impl Octets + ?Sized), at: usize) -> Result<ipv4::Header, Reason> {
    let header = packet.read::<{ ipv4::LENGTH }>(at).ok_or(Reason::NotOurs)?;
    let outer = ipv4::Header::parse(&header);
    if outer.version != 4 || outer.protocol != ipv4::PROTOCOL_IPV6 || outer.words < 5 {
        return Err(Reason::NotOurs);
    }
    Ok(outer)
}

/// Whether the programs may decapsulate: no fragment, no options, and the checksum is right,
/// because they run before the IPv4 stack has looked.
#[inline(always)]
pub fn is_plain(outer: &ipv4::Header) -> Result<(), Reason> {
    if outer.is_fragment {
        return Err(Reason::Fragment);
    }
    if outer.words > 5 {
        return Err(Reason::Options);
    }
    if !outer.checksum_is_valid {
        return Err(Reason::Checksum);
    }
    Ok(())
}

/// Reads the inner packet behind `outer`, whose header ends at `at` in the packet.
///
/// The inner length comes from the inner header; what the outer packet or the frame has beyond it
/// is padding (RFC 4213 section 3.6).
#[inline(always)]
pub fn inner(
    packet: &(impl Octets + ?Sized),
    at: usize,
    outer: ipv4::Header,
) -> Result<Inbound, Reason> {
    let header = packet
        .read::<{ ipv6::LENGTH }>(at)
        .ok_or(Reason::Malformed)?;
    let header_length = usize::from(outer.words) * 4;
    let end = at
        .wrapping_sub(header_length)
        .wrapping_add(usize::from(outer.total_length));
    inbound(packet, at, outer, &header, end)
}

/// The packet behind `outer` whose inner header, `header`, is at `at`; `outer` says that it ends
/// at `end`.
#[inline(always)]
fn inbound(
    packet: &(impl Octets + ?Sized),
    at: usize,
    outer: ipv4::Header,
    header: &[u8; ipv6::LENGTH],
    end: usize,
) -> Result<Inbound, Reason> {
    let inner = ipv6::Header::parse(header);
    if inner.version() != 6 {
        return Err(Reason::Malformed);
    }
    if inner.payload_length == 0 {
        return Err(Reason::Jumbo);
    }
    if at + inner.total_length() as usize > end || !packet.holds(end) {
        return Err(Reason::Malformed);
    }
    Ok(Inbound {
        outer,
        inner,
        icmp_type: icmp_type(packet, at, &inner),
    })
}

/// Reads the IPv6 packet at `at`.
#[inline(always)]
pub fn outbound(packet: &(impl Octets + ?Sized), at: usize) -> Result<Outbound, Reason> {
    let header = packet.read::<{ ipv6::LENGTH }>(at).ok_or(Reason::NotOurs)?;
    let inner = ipv6::Header::parse(&header);
    if inner.version() != 6 || inner.payload_length == 0 {
        return Err(Reason::NotOurs);
    }
    if !packet.holds(at + inner.total_length() as usize) {
        return Err(Reason::NotOurs);
    }
    Ok(Outbound { inner })
}

#[inline(always)]
fn icmp_type(packet: &(impl Octets + ?Sized), at: usize, inner: &ipv6::Header) -> Option<u8> {
    if inner.next_header != ipv6::NEXT_ICMPV6 {
        return None;
    }
    packet.read::<1>(at + ipv6::LENGTH).map(|[kind]| kind)
}
