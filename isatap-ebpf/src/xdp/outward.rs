//! IPv6 in, protocol 41 out.

use aya_ebpf::{
    EbpfContext as _,
    bindings::{xdp_action, xdp_md},
    programs::XdpContext,
};
use isatap_common::{
    abi::{Direction, Layer, NextHop},
    addr::Address,
    path::{
        self, Reason, Site as _,
        admit::Tunnel,
        parse::{self, Outbound},
        rewrite::{self, Push},
    },
    wire::{ethernet, ipv4},
};

use super::{Forwarded, apply, end};
use crate::{
    cache::{self, Line},
    count::{Tally, identification},
    fib,
    maps::LINKS,
    site::Maps,
    window::Frame,
};

/// Where the IPv6 header starts.
const INNER_AT: usize = ethernet::LENGTH;

#[inline(always)]
pub fn run(ctx: &XdpContext, frame: &Frame<'_>, site: Maps<'_>) -> u32 {
    let Ok(packet) = parse::outbound(frame, INNER_AT) else {
        return xdp_action::XDP_PASS;
    };
    let inner = &packet.inner;
    let is_for_link = inner.destination.embedded().is_some() && is_routed(inner.destination);
    if !is_for_link || !site.config().is_router() {
        return xdp_action::XDP_PASS;
    }
    match cached(ctx, &packet, site) {
        Some(result) => end(ctx, Direction::Out, result),
        None => uncached(ctx.ctx),
    }
}

/// Whether a router may forward to the address.
#[inline(always)]
fn is_routed(destination: Address) -> bool {
    destination.is_global() || !(destination.is_multicast() || destination.is_link_local())
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
    let line = Line::of(inner.destination, cache::now())?;
    let next_hop = line.forward(config)?;
    let length = inner.total_length();
    let fits = length + ipv4::LENGTH as u32 <= u32::from(next_hop.mtu);
    if u32::from_ne_bytes(next_hop.remote) == 0 || !fits {
        return None;
    }
    let tunnel = Tunnel {
        remote: next_hop.remote,
        locator: next_hop.locator.into(),
    };
    let reason = Reason::Cached;
    let tally = Tally::of(Direction::Out, Layer::Xdp, reason)?;
    let push = rewrite::push(packet, tunnel, tally.identification(Layer::Xdp), &site).ok()?;
    line.sent(1, length);
    let action = forward(ctx, packet, &push, next_hop);
    Some(action.map(|action| Forwarded {
        action,
        reason,
        tally,
        bytes: length,
    }))
}

/// An address that may be forwarded and embeds no IPv4 address, so it cannot embed ours.
#[inline(always)]
fn is_native(source: Address) -> bool {
    let may_be_forwarded =
        source.is_global() || !(source.is_martian_source() || source.is_link_local());
    may_be_forwarded && source.embedded().is_none() && source.six_to_four().is_none()
}

/// The uncommon case: a function of its own, so that the common one has the registers to itself.
#[inline(never)]
fn uncached(ctx: *mut xdp_md) -> u32 {
    let ctx = XdpContext::new(ctx);
    let Some(site) = Maps::new() else {
        return xdp_action::XDP_PASS;
    };
    end(&ctx, Direction::Out, resolved(&ctx, &Frame(&ctx), site))
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
    let line = Line::of(inner.destination, cache::now()).ok_or(Reason::Failed)?;
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
    let next_hop = line.forward(config).ok_or(Reason::Failed)?;
    let reason = Reason::Resolved;
    let tally = Tally::of(Direction::Out, Layer::Xdp, reason).ok_or(Reason::Failed)?;
    Ok(Forwarded {
        action: forward(ctx, &packet, &push, next_hop)?,
        reason,
        tally,
        bytes: length,
    })
}

#[inline(always)]
fn forward(
    ctx: &XdpContext,
    packet: &Outbound,
    push: &Push,
    next_hop: &NextHop,
) -> Result<u32, Reason> {
    apply::push(
        ctx,
        next_hop.macs,
        push,
        packet.inner.hop_limit.wrapping_sub(1),
    )?;
    apply::redirect(next_hop.egress)
}
