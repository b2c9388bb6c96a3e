//! Protocol 41 in, IPv6 out.

use aya_ebpf::{
    EbpfContext as _,
    bindings::{__sk_buff, TC_ACT_UNSPEC},
    programs::TcContext,
};
use isatap_common::{
    abi::{Direction, Layer, NextHop, Switches},
    addr,
    path::{
        self, Reason, Site as _,
        admit::Scope,
        parse::{self, Inbound},
        rewrite::{self, Strip},
    },
    wire::{ethernet, ipv4, ipv6},
};

use crate::{
    cache::{self, Line},
    count::Tally,
    fib,
    maps::LINKS,
    site::Maps,
    tc::{Forwarded, apply, end, skb},
    window::Buffer,
};

/// Where the outer header starts.
const OUTER_AT: usize = ethernet::LENGTH;
/// Where the inner header starts if the outer one has no options.
const INNER_AT: usize = OUTER_AT + ipv4::LENGTH;
/// Octets that a decision may read: both headers and the ICMPv6 type.
const HEADERS: usize = INNER_AT + ipv6::LENGTH + 1;

#[inline(always)]
pub fn run(ctx: &TcContext, site: Maps<'_>) -> i32 {
    let buffer = Buffer(ctx);
    buffer.pull(HEADERS);
    match cached(ctx, &buffer, &site) {
        Some(result) => end(ctx, Direction::In, result),
        None => uncached(ctx.skb.skb),
    }
}

/// The common case: both ends are in the cache, so every check that depends on the addresses has
/// been made. `None` where anything is out of the ordinary.
#[inline(always)]
fn cached(
    ctx: &TcContext,
    buffer: &Buffer<'_>,
    site: &Maps<'_>,
) -> Option<Result<Forwarded, Reason>> {
    let packet = parse::plain(buffer, OUTER_AT)?;
    if !is_ordinary(&packet) {
        return None;
    }
    let now = cache::now();
    let source = Line::of(packet.inner.source, now)?;
    if !source.admits(&packet.outer, buffer.ifindex(), site) {
        return None;
    }
    let destination = Line::of(packet.inner.destination, now)?;
    let next_hop = destination.forward(site.config())?;
    let longest = skb::longest(ctx, INNER_AT, packet.inner.next_header)?;
    if u32::from_ne_bytes(next_hop.remote) != 0 || longest > u32::from(next_hop.mtu) {
        return None;
    }
    let strip = rewrite::strip(&packet).ok()?;
    let reason = Reason::Cached;
    Some(forward(
        ctx, &packet, strip, next_hop, &source, reason, site,
    ))
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
fn uncached(ctx: *mut __sk_buff) -> i32 {
    let ctx = TcContext::new(ctx);
    let Some(site) = Maps::new() else {
        return TC_ACT_UNSPEC;
    };
    let result = match resolved(&ctx, &Buffer(&ctx), &site) {
        // `isatap_in`, which is next, says the same, and counts it.
        Err(Reason::Fragment | Reason::Options) => Err(Reason::NotOurs),
        other => other,
    };
    end(&ctx, Direction::In, result)
}

/// The whole decision, and what it found into the cache.
#[inline(always)]
fn resolved(ctx: &TcContext, buffer: &Buffer<'_>, site: &Maps<'_>) -> Result<Forwarded, Reason> {
    let ifindex = buffer.ifindex();
    let (packet, admitted, strip) = path::decapsulate(buffer, OUTER_AT, ifindex, site)?;
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
    }
    let line = Line::of(inner.destination, now).ok_or(Reason::Failed)?;
    if line.is_due() {
        return Err(Reason::Revalidate);
    }
    let longest = skb::longest(ctx, INNER_AT, inner.next_header).ok_or(Reason::TooBig)?;
    let way = fib::ipv6(
        ctx.as_ptr(),
        config.device,
        inner.source,
        inner.destination,
        u16::try_from(longest).map_err(|_| Reason::TooBig)?,
    )
    .map_err(|no_way| no_way.reason)?;
    if way.egress == config.device {
        return Err(Reason::Hairpin);
    }
    LINKS.get_ifindex(way.egress).ok_or(Reason::NotLinked)?;
    line.fill_forward(config, &way, addr::Ipv4::default(), 0);
    let next_hop = line.forward(config).ok_or(Reason::Failed)?;
    // Not before it is certain that no other program will count it.
    let source = Line::of(inner.source, now).ok_or(Reason::Failed)?;
    let reason = Reason::Resolved;
    forward(ctx, &packet, strip, next_hop, &source, reason, site)
}

#[inline(always)]
fn forward(
    ctx: &TcContext,
    packet: &Inbound,
    strip: Strip,
    next_hop: &NextHop,
    source: &Line,
    reason: Reason,
    site: &Maps<'_>,
) -> Result<Forwarded, Reason> {
    let packets = skb::segments(ctx);
    source.heard(packets, strip.length);
    let tally = Tally::of(Direction::In, Layer::Tc, reason).ok_or(Reason::Failed)?;
    apply::hop(
        ctx,
        INNER_AT,
        packet.inner.hop_limit,
        next_hop,
        ethernet::IPV6,
    )?;
    apply::strip(ctx, strip, site.config().switches().has(Switches::DECAP_L3))?;
    Ok(Forwarded {
        action: apply::redirect(next_hop.egress),
        reason,
        tally,
        packets,
        bytes: strip.length,
    })
}
