//! A decision as bytes: what to strip, what to push. Nothing here touches a packet.

use super::{
    Reason, Site, ecn,
    parse::{Inbound, Outbound},
};
use crate::{
    abi::Switches,
    wire::{ipv4, ipv6},
};

/// Decapsulation: take the outer header off and store these octets into the inner one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strip {
    /// The first four octets, with the combined congestion field.
    pub first_word: [u8; 4],
    /// Whether these differ from what is there.
    pub is_marked: bool,
    /// Octets of the inner packet; what follows is padding.
    pub length: u32,
}

/// Encapsulation: put this header in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Push {
    /// The outer header.
    pub outer: ipv4::Sealed,
}

/// How an admitted packet leaves the tunnel (RFC 4213 section 3.6, RFC 6040 section 4.2).
#[inline(always)]
pub fn strip(packet: &Inbound) -> Result<Strip, Reason> {
    let class = ecn::decapsulate(packet.outer.traffic_class, packet.inner.traffic_class())
        .ok_or(Reason::Ecn)?;
    Ok(Strip {
        first_word: ipv6::first_word_with(&packet.inner, class),
        is_marked: class != packet.inner.traffic_class(),
        length: packet.inner.total_length(),
    })
}

/// How a packet enters the tunnel between `ends` (RFC 4213 section 3.5, RFC 6040 section
/// 4.1); `identification` tells its fragments from those of other packets, if there may be any.
#[inline(always)]
pub fn push(
    packet: &Outbound,
    ends: ipv4::Ends,
    identification: u16,
    dont_fragment: bool,
    site: &impl Site,
) -> Result<Push, Reason> {
    let config = site.config();
    let total = packet.inner.total_length() + ipv4::LENGTH as u32;
    let outer = ipv4::Outer {
        traffic_class: ecn::encapsulate(
            packet.inner.traffic_class(),
            config.switches().has(Switches::COPY_DSCP),
        ),
        total_length: u16::try_from(total).map_err(|_| Reason::TooBig)?,
        identification: identification.to_be(),
        common: ipv4::Common::new(dont_fragment, config.ttl),
        ends,
    };
    Ok(Push {
        outer: outer.seal(),
    })
}
