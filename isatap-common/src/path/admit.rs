//! Whether a packet may pass, by RFC 5214 section 7.3, RFC 4213 section 3.6 and RFC 6324.

use super::{
    Reason, Site,
    parse::{Inbound, Outbound},
};
use crate::{
    abi::{Hearing, Route, Standing, Switches},
    addr::{self, Address, Ipv4},
    wire::ipv6,
};

/// ICMPv6 type of a Router Advertisement.
const ROUTER_ADVERTISEMENT: u8 = 134;
/// ICMPv6 type of a Redirect.
const REDIRECT: u8 = 137;

/// A decapsulated packet that may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// How far it may go.
    pub scope: Scope,
    /// Who vouches for the source.
    pub vouched_by: Voucher,
}

/// Which case of the source check a packet passed (RFC 5214 section 7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voucher {
    /// The source embeds the address of the node that sent it, so that a later packet from the same
    /// source needs only the same checks to pass.
    Host,
    /// A router of the list may forward any source.
    Router,
    /// The sender is the next hop of the source, which says nothing about its other addresses.
    Mapping,
}

/// How far a decapsulated packet may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// It never leaves this node: link-local, multicast or Neighbor Discovery.
    Link,
    /// To another node of the link.
    Hairpin,
    /// To this node or, through a router, anywhere.
    Beyond,
}

/// The way into the tunnel for a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// Outer destination.
    pub remote: Ipv4,
    /// The locator that the peer expects packets from; zero where nothing says which.
    pub expected: Ipv4,
}

impl Tunnel {
    /// The outer source of a packet that leaves through the interface `egress`: the locator that is
    /// expected, or that interface's own, or the first.
    #[inline(always)]
    pub fn local(&self, egress: u32, site: &impl Site) -> Ipv4 {
        if is_some(self.expected) {
            return self.expected;
        }
        let config = site.config();
        let mut slot = 0;
        while slot < config.locators.len() {
            if let Some(locator) = config.locators.get(slot)
                && slot < config.locator_count as usize
                && locator.ifindex == egress
            {
                return locator.ipv4;
            }
            slot += 1;
        }
        config.first_locator()
    }

    /// The source to look its way up with, before the interface is known.
    #[inline(always)]
    pub fn looked_up_from(&self, site: &impl Site) -> Ipv4 {
        if is_some(self.expected) {
            self.expected
        } else {
            site.config().first_locator()
        }
    }
}

#[inline(always)]
const fn is_some(ipv4: Ipv4) -> bool {
    u32::from_ne_bytes(ipv4) != 0
}

/// Decides on a protocol-41 packet that arrived for one of our locators.
#[inline(always)]
pub fn inbound(packet: &Inbound, site: &impl Site) -> Result<Admitted, Reason> {
    let (outer, inner) = (&packet.outer, &packet.inner);
    outer_source(outer.source, site)?;
    if inner.source.is_martian_source() {
        return Err(Reason::InnerMartian);
    }
    let vouched_by = voucher(outer.source, inner.source, site)?;
    let from_router = vouched_by != Voucher::Mapping && site.lists_router(outer.source);
    neighbor_discovery(packet, from_router)?;
    let nested = matches!(inner.next_header, ipv6::NEXT_IPV4 | ipv6::NEXT_IPV6);
    if nested && site.config().switches().has(Switches::DROP_NESTED) {
        return Err(Reason::Nested);
    }
    let scope = destination_scope(packet, from_router, site)?;
    Ok(Admitted { scope, vouched_by })
}

/// Decides where a packet goes in the tunnel.
#[inline(always)]
pub fn outbound(packet: &Outbound, site: &impl Site) -> Result<Tunnel, Reason> {
    let inner = &packet.inner;
    if inner.destination.is_multicast() {
        return Err(Reason::Multicast);
    }
    let remote = next_hop(inner.destination, site)?;
    if addr::is_martian_ipv4(remote) {
        return Err(Reason::NextHopMartian);
    }
    match site.standing(remote) {
        Standing::Known => {}
        Standing::Own => return Err(Reason::NextHopOwn),
        Standing::Martian => return Err(Reason::NextHopMartian),
        Standing::Unknown => return Err(Reason::NextHopUnknown),
    }
    let config = site.config();
    if config.is_router() && !inner.destination.is_link_local() && site.lists_router(remote) {
        return Err(Reason::RouterLoop);
    }
    if embeds_own_off_link(inner.source, site) {
        return Err(Reason::EmbedsOwn);
    }
    if config.locator_count == 0 {
        return Err(Reason::NoLocator);
    }
    // Probes go to link-local addresses. A host sends to its routers in any case: it has chosen among
    // them by what they answer.
    let is_checked = config.switches().has(Switches::NEIGHBOR_CHECK)
        && !inner.destination.is_link_local()
        && (config.is_router() || !site.lists_router(remote));
    if is_checked {
        is_heard(remote, site)?;
    }
    Ok(Tunnel {
        remote,
        expected: expected_by(remote, inner.source, site),
    })
}

/// RFC 6324 section 3.1.1, RFC 4861 section 7.3.3: a neighbour that has shown that it is one, or has not
/// shown that it is none.
#[inline(always)]
fn is_heard(remote: Ipv4, site: &impl Site) -> Result<(), Reason> {
    match site.hearing(remote) {
        Hearing::Heard => Ok(()),
        Hearing::Unheard | Hearing::Probed => Err(Reason::Unheard),
        Hearing::Waiting => Err(Reason::ProbeQueue),
        Hearing::Silent => Err(Reason::Silent),
        Hearing::Refused => Err(Reason::ProbeLimit),
    }
}

/// RFC 4213 section 3.6 and RFC 6324 section 3.1: an outer source that can be one peer.
#[inline(always)]
fn outer_source(source: Ipv4, site: &impl Site) -> Result<(), Reason> {
    if addr::is_martian_ipv4(source) {
        return Err(Reason::OuterMartian);
    }
    match site.standing(source) {
        Standing::Known => Ok(()),
        Standing::Own => Err(Reason::OuterOwn),
        Standing::Martian => Err(Reason::OuterMartian),
        Standing::Unknown => Err(Reason::OuterUnknown),
    }
}

/// RFC 5214 section 7.3, and the case that RFC 6324 section 3.2.4.2 adds.
#[inline(always)]
fn voucher(outer: Ipv4, inner: Address, site: &impl Site) -> Result<Voucher, Reason> {
    if inner.embedded() == Some(outer) && site.is_on_link(inner) {
        return Ok(Voucher::Host);
    }
    // A link-local source was not forwarded, so it must be the sender's own all the same.
    if inner.is_link_local() {
        return Err(Reason::SourceMismatch);
    }
    if site.lists_router(outer) {
        return source_is_possible(inner, site);
    }
    // Whatever a route says, an address of the link embeds its node.
    if site.route(inner) == Some(outer) && !site.is_on_link(inner) {
        return Ok(Voucher::Mapping);
    }
    Err(Reason::SourceMismatch)
}

/// A router may forward what any node of the link sends, but none is at our own address or at one that
/// no node has.
#[inline(always)]
fn source_is_possible(inner: Address, site: &impl Site) -> Result<Voucher, Reason> {
    let Some(ipv4) = inner.embedded() else {
        return Ok(Voucher::Router);
    };
    if !site.is_on_link(inner) {
        return Ok(Voucher::Router);
    }
    if addr::is_martian_ipv4(ipv4) {
        return Err(Reason::InnerMartian);
    }
    match site.standing(ipv4) {
        Standing::Own => Err(Reason::InnerOwn),
        Standing::Martian => Err(Reason::InnerMartian),
        Standing::Known | Standing::Unknown => Ok(Voucher::Router),
    }
}

/// RFC 4861 sections 6.1 to 8.1: hop limit 255, and advice about routes from routers alone.
#[inline(always)]
fn neighbor_discovery(packet: &Inbound, from_router: bool) -> Result<(), Reason> {
    match packet.icmp_type {
        Some(133..=137) if packet.inner.hop_limit != 255 => Err(Reason::NdHopLimit),
        Some(ROUTER_ADVERTISEMENT | REDIRECT) if !from_router => Err(Reason::NdSource),
        _ => Ok(()),
    }
}

#[inline(always)]
fn destination_scope(
    packet: &Inbound,
    from_router: bool,
    site: &impl Site,
) -> Result<Scope, Reason> {
    let inner = &packet.inner;
    let (destination, config) = (inner.destination, site.config());
    if destination.is_multicast() {
        let taken = if config.is_router() {
            destination == addr::ALL_ROUTERS
        } else {
            destination == addr::ALL_NODES && from_router
        };
        return if taken {
            Ok(Scope::Link)
        } else {
            Err(Reason::Multicast)
        };
    }
    let is_discovery = matches!(packet.icmp_type, Some(133..=137));
    if is_discovery || destination.is_link_local() || inner.source.is_link_local() {
        return Ok(Scope::Link);
    }
    if config.is_router() && from_router {
        return Err(Reason::RouterLoop);
    }
    if embeds_own_off_link(destination, site) {
        return Err(Reason::EmbedsOwn);
    }
    hairpin(destination, site)
}

/// Whether the packet would go back into the link.
#[inline(always)]
fn hairpin(destination: Address, site: &impl Site) -> Result<Scope, Reason> {
    let config = site.config();
    let Some(ipv4) = destination.embedded() else {
        return Ok(Scope::Beyond);
    };
    if !site.is_on_link(destination) {
        return Ok(Scope::Beyond);
    }
    if addr::is_martian_ipv4(ipv4) {
        return Err(Reason::NextHopMartian);
    }
    match site.standing(ipv4) {
        Standing::Own => return Ok(Scope::Beyond),
        Standing::Martian => return Err(Reason::NextHopMartian),
        Standing::Unknown => return Err(Reason::NextHopUnknown),
        Standing::Known => {}
    }
    if config.switches().has(Switches::NO_HAIRPIN) {
        return Err(Reason::HairpinRefused);
    }
    Ok(Scope::Hairpin)
}

/// The IPv4 address of the next hop (RFC 5214 section 7.1): computed, never asked for.
#[inline(always)]
pub fn next_hop(destination: Address, site: &impl Site) -> Result<Ipv4, Reason> {
    if site.is_on_link(destination) {
        return destination.embedded().ok_or(Reason::NoNextHop);
    }
    match site.route(destination) {
        Some(via) if via != Route::OURS_ELSEWHERE => Ok(via),
        _ => Err(Reason::NoNextHop),
    }
}

/// RFC 6324 section 3.3: an address with a foreign prefix that embeds an IPv4 address of ours, in
/// the form of ISATAP, of 6to4, or of 6rd where that is configured.
#[inline(always)]
pub fn embeds_own_off_link(address: Address, site: &impl Site) -> bool {
    let own = |ipv4: Option<Ipv4>| ipv4.is_some_and(|ipv4| site.standing(ipv4) == Standing::Own);
    own(address.six_to_four())
        || (own(address.embedded()) && !site.is_on_link(address))
        || (site.config().switches().has(Switches::SIX_RD)
            && site.route(address) == Some(Route::OURS_ELSEWHERE))
}

/// The locator that a peer's source check expects (RFC 4213 section 3.5): the one that the inner
/// source embeds, or the one that the peer sends to, which is the one that its router list has.
#[inline(always)]
fn expected_by(remote: Ipv4, source: Address, site: &impl Site) -> Ipv4 {
    let config = site.config();
    if config.locator_count == 1 {
        return config.first_locator();
    }
    // Zero, not `None`: the programs would compare what is there in its place as well.
    let embedded = source.embedded().unwrap_or_default();
    let heard_at = site.heard_at(remote).unwrap_or_default();
    let mut expected = Ipv4::default();
    let mut slot = 0;
    while slot < config.locators.len() {
        if let Some(locator) = config.locators.get(slot)
            && slot < config.locator_count as usize
        {
            if embedded == locator.ipv4 {
                return embedded;
            }
            if heard_at == locator.ipv4 {
                expected = heard_at;
            }
        }
        slot += 1;
    }
    expected
}
