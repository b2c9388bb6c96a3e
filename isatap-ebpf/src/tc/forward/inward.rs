//! Protocol 41 in, IPv6 out.

use aya_ebpf::{
    EbpfContext as _,
    bindings::{__sk_buff, TC_ACT_UNSPEC},
    programs::TcContext,
};
use isatap_common::{
    abi::{Config, Direction, Layer, NextHop, Switches, Traffic},
    path::{
        self, Reason, Site as _,
        admit::{Scope, Voucher},
        parse::{self, Inbound},
        rewrite::{self, Strip},
    },
    wire::{ethernet, ipv4, ipv6},
};

use crate::{
    cache::{Cache, peer},
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
    if packet.inner.source.embedded() != Some(packet.outer.source) {
        return None;
    }
    let origin = packet.origin(buffer.ifindex());
    let cache = Cache::of_this_cpu()?;
    let now = cache.now();
    let admission = cache.admission(origin.prefix, origin.ends.source);
    if !admission.holds(&origin, now) {
        return None;
    }
    let destination = packet.inner.destination;
    let next_hop = cache.way(destination).known(destination, now)?;
    let longest = skb::longest(ctx, INNER_AT, packet.inner.next_header)?;
    if next_hop.is_tunnel() || longest > u32::from(next_hop.mtu) {
        return None;
    }
    let strip = rewrite::strip(&packet).ok()?;
    admission.heard(Buffer(ctx).segments(), strip.length);
    Some(forward(ctx, &packet, strip, next_hop, Reason::Cached, site))
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
    let config = site.config();
    let cache = Cache::of_this_cpu().ok_or(Reason::Failed)?;
    let now = cache.now();
    let origin = packet.origin(ifindex);
    let admission = cache.admission(origin.prefix, origin.ends.source);
    if admitted.vouched_by == Voucher::Host {
        admission.fill(&origin, cache, config, now);
    }
    let longest = skb::longest(ctx, INNER_AT, inner.next_header).ok_or(Reason::TooBig)?;
    let (next_hop, reason) = match cache.way(inner.destination).known(inner.destination, now) {
        // It was something else that was out of the ordinary.
        Some(known) if !known.is_tunnel() && longest <= u32::from(known.mtu) => {
            (known, Reason::Cached)
        }
        _ => (found(ctx, inner, longest, config, cache)?, Reason::Resolved),
    };
    // Not before it is certain that no other program will count it.
    if admitted.vouched_by == Voucher::Host {
        admission.heard(Buffer(ctx).segments(), strip.length);
    } else {
        let heard = Traffic::new(Buffer(ctx).segments(), strip.length);
        peer::meet(packet.outer.source, packet.outer.destination, heard);
    }
    forward(ctx, &packet, strip, next_hop, reason, site)
}

/// The way that the kernel's routing table has for the packet, into the cache.
#[inline(always)]
fn found<'a>(
    ctx: &TcContext,
    inner: &ipv6::Header,
    longest: u32,
    config: &Config,
    cache: Cache,
) -> Result<&'a mut NextHop, Reason> {
    let way = cache.way(inner.destination);
    if way.is_due(inner.destination) {
        return Err(Reason::Revalidate);
    }
    let length = u16::try_from(longest).map_err(|_| Reason::TooBig)?;
    let destination = inner.destination;
    let ends = || [fib::halves(inner.source), fib::halves(destination)];
    let found =
        fib::ipv6(ctx.as_ptr(), config.device, length, ends).map_err(|no_way| no_way.reason)?;
    if found.egress == config.device {
        return Err(Reason::Hairpin);
    }
    LINKS.get_ifindex(found.egress).ok_or(Reason::NotLinked)?;
    Ok(way.fill(destination, config, &found, None, cache.now()))
}

#[inline(always)]
fn forward(
    ctx: &TcContext,
    packet: &Inbound,
    strip: Strip,
    next_hop: &NextHop,
    reason: Reason,
    site: &Maps<'_>,
) -> Result<Forwarded, Reason> {
    let packets = Buffer(ctx).segments();
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
