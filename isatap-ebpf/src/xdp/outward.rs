//! IPv6 in, protocol 41 out.

use aya_ebpf::{EbpfContext as _, programs::XdpContext};
use isatap_common::{
    abi::{Layer, NextHop},
    addr::Address,
    path::{
        self, Reason, Site as _,
        admit::Tunnel,
        parse::{self, Outbound},
        rewrite::{self, Push},
    },
    wire::{ethernet, ipv4},
};

use super::{Forwarded, apply};
use crate::{cache::Line, count::identification, fib, maps::LINKS, site::Maps, window::Frame};

/// Where the IPv6 header starts.
const INNER_AT: usize = ethernet::LENGTH;

#[inline(always)]
pub fn run(ctx: &XdpContext, frame: &Frame<'_>, site: Maps<'_>) -> Result<Forwarded, Reason> {
    let packet = parse::outbound(frame, INNER_AT)?;
    let inner = &packet.inner;
    let is_for_link = site.config().is_router()
        && inner.destination.embedded().is_some()
        && !inner.destination.is_multicast()
        && !inner.destination.is_link_local();
    if !is_for_link {
        return Err(Reason::NotOurs);
    }
    match cached(ctx, &packet, site) {
        Some(forwarded) => forwarded,
        None => resolved(ctx, frame, site),
    }
}

/// The common case: the peer is in the cache and the source is an ordinary native address.
#[inline(always)]
fn cached(
    ctx: &XdpContext,
    packet: &Outbound,
    site: Maps<'_>,
) -> Option<Result<Forwarded, Reason>> {
    let inner = &packet.inner;
    if inner.hop_limit <= 1 || !is_native(inner.source) {
        return None;
    }
    let config = site.config();
    let line = Line::of(inner.destination)?;
    let next_hop = line.get(NextHop::FORWARD, config)?;
    let length = inner.total_length();
    let fits = length <= config.mtu && length + ipv4::LENGTH as u32 <= u32::from(next_hop.mtu);
    if next_hop.remote == [0; 4] || !fits {
        return None;
    }
    let tunnel = Tunnel {
        remote: next_hop.remote,
        locator: next_hop.locator,
    };
    let push = rewrite::push(packet, tunnel, identification(Layer::Xdp), &site).ok()?;
    line.sent(1, length);
    Some(forward(ctx, packet, &push, next_hop, Reason::Cached))
}

/// An address that may be forwarded and embeds no IPv4 address, so it cannot embed ours.
#[inline(always)]
fn is_native(source: Address) -> bool {
    !source.is_martian_source()
        && !source.is_link_local()
        && source.embedded().is_none()
        && source.six_to_four().is_none()
}

/// The whole decision, and what it found into the cache.
#[inline(always)]
fn resolved(ctx: &XdpContext, frame: &Frame<'_>, site: Maps<'_>) -> Result<Forwarded, Reason> {
    let found = path::encapsulate(frame, INNER_AT, identification(Layer::Xdp), &site);
    let (packet, tunnel, push) = found.map_err(|reason| match reason {
        // Not into this tunnel, or for this node: the routing table knows.
        Reason::NoNextHop | Reason::NextHopOwn => Reason::NotOurs,
        other => other,
    })?;
    let inner = &packet.inner;
    if inner.hop_limit <= 1 {
        return Err(Reason::HopLimit);
    }
    if inner.source.is_martian_source() || inner.source.is_link_local() {
        return Err(Reason::LinkScope);
    }
    let config = site.config();
    let length = inner.total_length();
    if length > config.mtu {
        return Err(Reason::TooBig);
    }
    let line = Line::of(inner.destination).ok_or(Reason::Failed)?;
    if line.is_due() {
        return Err(Reason::Revalidate);
    }
    let locator = site.locator_in(tunnel.locator).ok_or(Reason::NoLocator)?;
    let total = u16::try_from(length + ipv4::LENGTH as u32).map_err(|_| Reason::TooBig)?;
    let way = fib::ipv4(
        ctx.as_ptr(),
        config.device,
        locator.ipv4,
        tunnel.remote,
        total,
    )
    .map_err(|no_way| no_way.reason)?;
    LINKS.get_ifindex(way.egress).ok_or(Reason::NotLinked)?;
    line.fill_forward(config, &way, tunnel.remote, tunnel.locator);
    line.sent(1, length);
    let next_hop = line.get(NextHop::FORWARD, config).ok_or(Reason::Failed)?;
    forward(ctx, &packet, &push, next_hop, Reason::Resolved)
}

#[inline(always)]
fn forward(
    ctx: &XdpContext,
    packet: &Outbound,
    push: &Push,
    next_hop: &NextHop,
    reason: Reason,
) -> Result<Forwarded, Reason> {
    let header = ethernet::header(
        next_hop.destination_mac,
        next_hop.source_mac,
        ethernet::IPV4,
    );
    apply::push(ctx, &header, push, packet.inner.hop_limit.wrapping_sub(1))?;
    let action = LINKS
        .redirect(next_hop.egress, 0)
        .map_err(|_| Reason::Failed)?;
    Ok(Forwarded {
        action,
        reason,
        bytes: packet.inner.total_length(),
    })
}
