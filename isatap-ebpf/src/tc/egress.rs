//! IPv6 from the ISATAP device into protocol 41.

use aya_ebpf::{EbpfContext as _, programs::TcContext};
use isatap_common::{
    abi::{Direction, Layer, Switches},
    addr::Address,
    path::{
        self, Reason, Site as _,
        admit::{self, Tunnel},
        limit::Limit,
        parse, rewrite,
    },
    wire::{ethernet, ipv4, ipv6},
};

use super::{Forwarded, apply, end, skb};
use crate::{
    cache::{Cache, peer},
    count::{Tally, identification},
    fib,
    maps::LINKS,
    site::Maps,
    window::Buffer,
};

/// Decides on one packet.
#[inline(always)]
pub fn run(ctx: &TcContext) -> i32 {
    let buffer = Buffer(ctx);
    buffer.pull(ipv6::LENGTH);
    end(ctx, Direction::Out, send(ctx, &buffer))
}

#[inline(always)]
fn send(ctx: &TcContext, buffer: &Buffer<'_>) -> Result<Forwarded, Reason> {
    let site = Maps::new().ok_or(Reason::NoLocator)?;
    let config = site.config();
    // A prefix behind a host is of the link as well, which only the routing table knew.
    if config.switches().has(Switches::NO_HAIRPIN) && buffer.origin() == config.device {
        return Err(Reason::HairpinRefused);
    }
    match cached(ctx, buffer, &site) {
        Some(forwarded) => forwarded,
        None => resolved(ctx, buffer, &site),
    }
}

/// The common case: the way is in the cache, and the source is not one of ours with a foreign
/// prefix. `None` where anything is out of the ordinary.
#[inline(always)]
fn cached(
    ctx: &TcContext,
    buffer: &Buffer<'_>,
    site: &Maps<'_>,
) -> Option<Result<Forwarded, Reason>> {
    let packet = parse::outbound(buffer, 0).ok()?;
    let inner = &packet.inner;
    let cache = Cache::of_this_cpu()?;
    let way = cache.way(inner.destination);
    let next_hop = way.known(inner.destination, cache.now())?;
    if !next_hop.is_tunnel() || admit::embeds_own_off_link(inner.source, site) {
        return None;
    }
    let longest = skb::longest(ctx, 0, inner.next_header)?;
    if longest.wrapping_add(ipv4::LENGTH as u32) > u32::from(next_hop.mtu) {
        return None;
    }
    let reason = Reason::Cached;
    let tally = Tally::of(Direction::Out, Layer::Tc, reason)?;
    let (segments, bytes) = (buffer.segments(), inner.total_length());
    let total = u16::try_from(bytes + ipv4::LENGTH as u32).ok()?;
    let class = inner.traffic_class() & cache.copied();
    let outer = next_hop.outer(class, total, cache.common()).octets();
    let header = ethernet::header(next_hop.macs, ethernet::IPV4);
    Some(apply::push(ctx, &outer, &header).map(|()| {
        way.sent(segments, bytes);
        Forwarded {
            action: apply::redirect(next_hop.egress),
            reason,
            tally,
            packets: segments,
            bytes,
        }
    }))
}

/// The whole decision, and what it found into the cache.
#[inline(always)]
fn resolved(ctx: &TcContext, buffer: &Buffer<'_>, site: &Maps<'_>) -> Result<Forwarded, Reason> {
    let (packet, tunnel) = match path::encapsulate(buffer, 0, site) {
        Err(Reason::Unheard) => return Err(probed(buffer, site)),
        found => found?,
    };
    let (segments, bytes) = (buffer.segments(), packet.inner.total_length());
    let (destination, cache) = (
        packet.inner.destination,
        Cache::of_this_cpu().ok_or(Reason::Failed)?,
    );
    let way = cache.way(destination);
    let longest = skb::longest(ctx, 0, packet.inner.next_header).ok_or(Reason::TooBig)?;
    let total = longest.wrapping_add(ipv4::LENGTH as u32);
    let (egress, limit) = resolve(ctx, (cache, destination), tunnel, total, site)?;
    let ends = ipv4::Ends {
        source: tunnel.local(egress, site),
        destination: tunnel.remote,
    };
    let push = rewrite::push(&packet, ends, identification(), limit.dont_fragment, site)?;
    apply::push_unaddressed(ctx, &push.outer.octets())?;
    way.sent(segments, bytes);
    // The kernel resolves, and confirms, the neighbour.
    let action = apply::redirect_neighbor(egress);
    let reason = Reason::Resolved;
    let tally = Tally::of(Direction::Out, Layer::Tc, reason).ok_or(Reason::Failed)?;
    Ok(Forwarded {
        action,
        reason,
        tally,
        packets: segments,
        bytes,
    })
}

/// Has the daemon, which the packet goes to, probe its next hop.
#[inline(always)]
fn probed(buffer: &Buffer<'_>, site: &Maps<'_>) -> Reason {
    let packet = parse::outbound(buffer, 0);
    let Ok(remote) = packet.and_then(|packet| admit::next_hop(packet.inner.destination, site))
    else {
        return Reason::Failed;
    };
    peer::probe(remote, site.config());
    Reason::Unheard
}

/// The interface out of which an outer packet goes, whose longest piece has `total` octets, and what
/// may go there.
#[inline(always)]
fn resolve(
    ctx: &TcContext,
    (cache, destination): (Cache, Address),
    tunnel: Tunnel,
    total: u32,
    site: &Maps<'_>,
) -> Result<(u32, Limit), Reason> {
    let config = site.config();
    let source = tunnel.looked_up_from(site);
    let way = cache.way(destination);
    let is_due = way.is_due(destination);
    // Without a length the kernel leaves path MTUs aside, which anybody can lower by an ICMPv4
    // message: routers may fragment what we send.
    match fib::ipv4(ctx.as_ptr(), config.device, source, tunnel.remote, 0) {
        Ok(found) if found.egress == config.device => Err(Reason::NoRoute),
        Ok(found) => {
            let limit = peer::limit(config, found.mtu, tunnel.remote);
            if total > limit.total {
                return Err(Reason::TooBig);
            }
            // Frames that a NIC forwards would be lost on a way that no frame can be redirected to.
            let is_for_all = !config.switches().has(Switches::FORWARDS)
                || LINKS.get_ifindex(found.egress).is_some();
            if !is_due && is_for_all {
                let ends = ipv4::Ends {
                    source: tunnel.local(found.egress, site),
                    destination: tunnel.remote,
                };
                way.fill(
                    destination,
                    config,
                    &found,
                    Some((ends, limit)),
                    cache.now(),
                );
            }
            Ok((found.egress, limit))
        }
        Err(no_way) if no_way.egress == config.device => Err(Reason::NoRoute),
        Err(no_way) if no_way.reason == Reason::NoNeighbor && no_way.egress != 0 => {
            let mtu = site.mtu(no_way.egress, tunnel.local(no_way.egress, site));
            let limit = peer::limit(config, mtu, tunnel.remote);
            if total > limit.total {
                return Err(Reason::TooBig);
            }
            Ok((no_way.egress, limit))
        }
        Err(no_way) => Err(no_way.reason),
    }
}
