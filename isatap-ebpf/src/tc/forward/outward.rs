//! IPv6 in, protocol 41 out.

use aya_ebpf::{
    EbpfContext as _,
    bindings::{__sk_buff, TC_ACT_UNSPEC},
    programs::TcContext,
};
use isatap_common::{
    abi::{Direction, Layer, NextHop},
    addr::Address,
    path::{
        Reason, Site as _, admit,
        express::is_routed,
        parse::{self, Outbound},
        rewrite,
    },
    wire::{ethernet, ipv4, ipv6},
};

use crate::{
    cache::{Cache, peer},
    count::{Tally, identification},
    fib,
    maps::LINKS,
    site::Maps,
    tc::{Forwarded, apply, end, skb},
    window::Buffer,
};

/// Where the IPv6 header starts.
const INNER_AT: usize = ethernet::LENGTH;

#[inline(always)]
pub fn run(ctx: &TcContext, site: Maps<'_>) -> i32 {
    let buffer = Buffer(ctx);
    buffer.pull(INNER_AT + ipv6::LENGTH);
    let Ok(packet) = parse::outbound(&buffer, INNER_AT) else {
        return TC_ACT_UNSPEC;
    };
    let inner = &packet.inner;
    let is_for_link = inner.destination.embedded().is_some() && is_routed(inner.destination);
    if !is_for_link || !site.config().is_router() {
        return TC_ACT_UNSPEC;
    }
    match cached(ctx, &packet) {
        Some(result) => end(ctx, Direction::Out, result),
        None => uncached(ctx.skb.skb),
    }
}

/// The common case: the peer is in the cache and the source is an ordinary native address.
#[inline(always)]
fn cached(ctx: &TcContext, packet: &Outbound) -> Option<Result<Forwarded, Reason>> {
    let inner = &packet.inner;
    if inner.hop_limit <= 1 || !is_native(inner.source) {
        return None;
    }
    let cache = Cache::of_this_cpu()?;
    let way = cache.way(inner.destination);
    let next_hop = way.known(inner.destination, cache.now())?;
    let longest = skb::longest(ctx, INNER_AT, inner.next_header)?.wrapping_add(ipv4::LENGTH as u32);
    if !next_hop.is_tunnel() || longest > u32::from(next_hop.mtu) {
        return None;
    }
    let tally = Tally::of(Direction::Out, Layer::Tc, Reason::Cached)?;
    let (packets, bytes) = (Buffer(ctx).segments(), inner.total_length());
    let total = u16::try_from(bytes + ipv4::LENGTH as u32).ok()?;
    let class = inner.traffic_class() & cache.copied();
    let outer = next_hop.outer(class, total, cache.common()).octets();
    Some(forward(ctx, packet, &outer, next_hop).map(|action| {
        way.sent(packets, bytes);
        Forwarded {
            action,
            reason: Reason::Cached,
            tally,
            packets,
            bytes,
        }
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
fn uncached(ctx: *mut __sk_buff) -> i32 {
    let ctx = TcContext::new(ctx);
    let Some(site) = Maps::new() else {
        return TC_ACT_UNSPEC;
    };
    end(&ctx, Direction::Out, resolved(&ctx, &Buffer(&ctx), &site))
}

/// The whole decision, and what it found into the cache.
#[inline(always)]
fn resolved(ctx: &TcContext, buffer: &Buffer<'_>, site: &Maps<'_>) -> Result<Forwarded, Reason> {
    let packet = parse::outbound(buffer, INNER_AT)?;
    let tunnel = admit::outbound(&packet, site).map_err(|reason| match reason {
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
    let longest = skb::longest(ctx, INNER_AT, inner.next_header).ok_or(Reason::TooBig)?;
    if longest > config.mtu {
        return Err(Reason::TooBig);
    }
    let cache = Cache::of_this_cpu().ok_or(Reason::Failed)?;
    let way = cache.way(inner.destination);
    if way.is_due(inner.destination) {
        return Err(Reason::Revalidate);
    }
    let source = tunnel.looked_up_from(site);
    // Without a length the kernel leaves path MTUs aside, as for the program on the device.
    let found = fib::ipv4(ctx.as_ptr(), config.device, source, tunnel.remote, 0);
    let found = found.map_err(|no_way| no_way.reason)?;
    let limit = peer::limit(config, found.mtu, tunnel.remote);
    if longest + ipv4::LENGTH as u32 > limit.total {
        return Err(Reason::TooBig);
    }
    LINKS.get_ifindex(found.egress).ok_or(Reason::NotLinked)?;
    let ends = ipv4::Ends {
        source: tunnel.local(found.egress, site),
        destination: tunnel.remote,
    };
    let to = inner.destination;
    let next_hop = way.fill(to, config, &found, Some((ends, limit)), cache.now());
    let (packets, bytes) = (Buffer(ctx).segments(), inner.total_length());
    // As late as this: before, it would lie on the stack beside what finds the way.
    let push = rewrite::push(&packet, ends, identification(), limit.dont_fragment, site)?;
    let tally = Tally::of(Direction::Out, Layer::Tc, Reason::Resolved).ok_or(Reason::Failed)?;
    let action = forward(ctx, &packet, &push.outer.octets(), next_hop)?;
    way.sent(packets, bytes);
    Ok(Forwarded {
        action,
        reason: Reason::Resolved,
        tally,
        packets,
        bytes,
    })
}

#[inline(always)]
fn forward(
    ctx: &TcContext,
    packet: &Outbound,
    outer: &[u8; ipv4::LENGTH],
    next_hop: &NextHop,
) -> Result<i32, Reason> {
    // First, because it may leave the packet to the stack, untouched.
    apply::push_between(ctx, outer)?;
    apply::hop(
        ctx,
        INNER_AT + ipv4::LENGTH,
        packet.inner.hop_limit,
        next_hop,
        ethernet::IPV4,
    )?;
    Ok(apply::redirect(next_hop.egress))
}
