//! Protocol 41 in, IPv6 out.

use aya_ebpf::{
    EbpfContext as _,
    bindings::{xdp_action, xdp_md},
    programs::XdpContext,
};
use isatap_common::{
    abi::{Direction, Layer, NextHop},
    addr,
    path::{
        self, Reason, Site as _,
        admit::Scope,
        parse::{self, Inbound},
        rewrite::{self, Strip},
    },
    wire::{ethernet, ipv6},
};

use super::{Forwarded, apply, end};
use crate::{
    cache::{self, Line},
    count::Tally,
    fib,
    maps::LINKS,
    site::Maps,
    window::Frame,
};

/// Where the outer header starts.
const OUTER_AT: usize = ethernet::LENGTH;

#[inline(always)]
pub fn run(ctx: &XdpContext, frame: &Frame<'_>, site: Maps<'_>) -> u32 {
    match cached(ctx, frame, site) {
        Some(result) => end(ctx, Direction::In, result),
        None => uncached(ctx.ctx),
    }
}

/// The common case: both ends are in the cache, so every check that depends on the addresses has
/// been made. `None` where anything is out of the ordinary.
#[inline(always)]
fn cached(
    ctx: &XdpContext,
    frame: &Frame<'_>,
    site: Maps<'_>,
) -> Option<Result<Forwarded, Reason>> {
    let packet = parse::plain(frame, OUTER_AT)?;
    if !is_ordinary(&packet) {
        return None;
    }
    let config = site.config();
    let now = cache::now();
    let source = Line::of(packet.inner.source, now)?;
    if !source.admits(&packet.outer, ctx.ingress_ifindex() as u32, &site) {
        return None;
    }
    let destination = Line::of(packet.inner.destination, now)?;
    let next_hop = destination.forward(config)?;
    let length = packet.inner.total_length();
    if u32::from_ne_bytes(next_hop.remote) != 0 || length > u32::from(next_hop.mtu) {
        return None;
    }
    let strip = rewrite::strip(&packet).ok()?;
    source.heard(1, length);
    Some(forward(ctx, &packet, strip, next_hop, Reason::Cached))
}

/// Nothing that a check of this packet alone would refuse or hand to the stack.
#[inline(always)]
fn is_ordinary(packet: &Inbound) -> bool {
    let inner = &packet.inner;
    !matches!(packet.icmp_type, Some(133..=137))
        && inner.hop_limit > 1
        && !inner.source.is_link_local()
        && !matches!(inner.next_header, ipv6::NEXT_IPV4 | ipv6::NEXT_IPV6)
}

/// The uncommon case: a function of its own, so that the common one has the registers to itself.
#[inline(never)]
fn uncached(ctx: *mut xdp_md) -> u32 {
    let ctx = XdpContext::new(ctx);
    let Some(site) = Maps::new() else {
        return xdp_action::XDP_PASS;
    };
    end(&ctx, Direction::In, resolved(&ctx, &Frame(&ctx), site))
}

/// The whole decision, and what it found into the cache.
#[inline(always)]
fn resolved(ctx: &XdpContext, frame: &Frame<'_>, site: Maps<'_>) -> Result<Forwarded, Reason> {
    let ifindex = ctx.ingress_ifindex() as u32;
    let (packet, admitted, strip) = path::decapsulate(frame, OUTER_AT, ifindex, &site)?;
    let inner = &packet.inner;
    match admitted.scope {
        Scope::Link => return Err(Reason::LinkScope),
        Scope::Hairpin => return Err(Reason::Hairpin),
        Scope::Beyond if inner.hop_limit <= 1 => return Err(Reason::HopLimit),
        Scope::Beyond => {}
    }
    let (config, now) = (site.config(), cache::now());
    if admitted.from_host
        && let Some(slot) = site.locator(ifindex, packet.outer.destination)
        && let Some(source) = Line::of(inner.source, now)
    {
        source.fill_source(config, packet.outer.source, slot);
        source.heard(1, inner.total_length());
    }
    let line = Line::of(inner.destination, now).ok_or(Reason::Failed)?;
    if line.is_due() {
        return Err(Reason::Revalidate);
    }
    let length = u16::try_from(inner.total_length()).map_err(|_| Reason::TooBig)?;
    let way = fib::ipv6(
        ctx.as_ptr(),
        config.device,
        inner.source,
        inner.destination,
        length,
    )
    .map_err(|no_way| no_way.reason)?;
    if way.egress == config.device {
        return Err(Reason::Hairpin);
    }
    LINKS.get_ifindex(way.egress).ok_or(Reason::NotLinked)?;
    line.fill_forward(config, &way, addr::Ipv4::default(), 0);
    let next_hop = line.forward(config).ok_or(Reason::Failed)?;
    forward(ctx, &packet, strip, next_hop, Reason::Resolved)
}

#[inline(always)]
fn forward(
    ctx: &XdpContext,
    packet: &Inbound,
    strip: Strip,
    next_hop: &NextHop,
    reason: Reason,
) -> Result<Forwarded, Reason> {
    apply::strip(
        ctx,
        next_hop.macs,
        strip,
        packet.inner.hop_limit.wrapping_sub(1),
    )?;
    let action = apply::redirect(next_hop.egress)?;
    let tally = Tally::of(Direction::In, Layer::Xdp, reason).ok_or(Reason::Failed)?;
    Ok(Forwarded {
        action,
        reason,
        tally,
        bytes: strip.length,
    })
}
