//! Protocol 41 in, IPv6 out.

use aya_ebpf::{EbpfContext as _, programs::XdpContext};
use isatap_common::{
    abi::NextHop,
    addr,
    path::{
        self, Reason, Site as _,
        admit::Scope,
        parse::{self, Inbound},
        rewrite::{self, Strip},
    },
    wire::{ethernet, ipv4, ipv6},
};

use super::{Forwarded, apply};
use crate::{cache::Line, fib, maps::LINKS, site::Maps, window::Frame};

/// Where the outer header starts.
const OUTER_AT: usize = ethernet::LENGTH;

#[inline(always)]
pub fn run(ctx: &XdpContext, frame: &Frame<'_>, site: Maps<'_>) -> Result<Forwarded, Reason> {
    match cached(ctx, frame, site) {
        Some(forwarded) => forwarded,
        None => resolved(ctx, frame, site),
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
    let outer = parse::outer(frame, OUTER_AT).ok()?;
    parse::is_plain(&outer).ok()?;
    let packet = parse::inner(frame, OUTER_AT + ipv4::LENGTH, outer).ok()?;
    if !is_ordinary(&packet) {
        return None;
    }
    let config = site.config();
    let source = Line::of(packet.inner.source)?;
    if !source.admits(&outer, ctx.ingress_ifindex() as u32, &site) {
        return None;
    }
    let destination = Line::of(packet.inner.destination)?;
    let next_hop = destination.get(NextHop::FORWARD, config)?;
    let length = packet.inner.total_length();
    if next_hop.remote != [0; 4] || length > u32::from(next_hop.mtu) {
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
    inner.hop_limit > 1
        && !inner.source.is_link_local()
        && !matches!(packet.icmp_type, Some(133..=137))
        && !matches!(inner.next_header, ipv6::NEXT_IPV4 | ipv6::NEXT_IPV6)
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
    let config = site.config();
    if admitted.from_host
        && let Some(slot) = site.locator(ifindex, packet.outer.destination)
        && let Some(source) = Line::of(inner.source)
    {
        source.fill_source(config, packet.outer.source, slot);
        source.heard(1, inner.total_length());
    }
    let line = Line::of(inner.destination).ok_or(Reason::Failed)?;
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
    let next_hop = line.get(NextHop::FORWARD, config).ok_or(Reason::Failed)?;
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
    let header = ethernet::header(
        next_hop.destination_mac,
        next_hop.source_mac,
        ethernet::IPV6,
    );
    apply::strip(ctx, &header, strip, packet.inner.hop_limit.wrapping_sub(1))?;
    let action = LINKS
        .redirect(next_hop.egress, 0)
        .map_err(|_| Reason::Failed)?;
    Ok(Forwarded {
        action,
        reason,
        bytes: strip.length,
    })
}
