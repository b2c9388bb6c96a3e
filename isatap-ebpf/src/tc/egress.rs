//! IPv6 from the ISATAP device into protocol 41.

use aya_ebpf::{EbpfContext as _, programs::TcContext};
use isatap_common::{
    abi::{Direction, Layer},
    path::{
        self, Reason, Site as _,
        admit::{self, Tunnel},
        parse, rewrite,
    },
    wire::{ethernet, ipv4, ipv6},
};

use super::{Forwarded, apply, end};
use crate::{
    cache::{self, Line},
    count::{Tally, identification},
    fib,
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
    let line = Line::of(inner.destination, cache::now())?;
    let next_hop = line.forward(site.config())?;
    if u32::from_ne_bytes(next_hop.remote) == 0 || admit::embeds_own_off_link(inner.source, site) {
        return None;
    }
    let tunnel = Tunnel {
        remote: next_hop.remote,
        locator: next_hop.locator.into(),
    };
    let reason = Reason::Cached;
    let tally = Tally::of(Direction::Out, Layer::Tc, reason)?;
    let push = rewrite::push(&packet, tunnel, tally.identification(Layer::Tc), site).ok()?;
    let (segments, bytes) = (buffer.segments(), inner.total_length());
    line.sent(segments, bytes);
    Some(
        apply::push(ctx, &push, &ethernet::header(next_hop.macs, ethernet::IPV4)).map(|()| {
            Forwarded {
                action: apply::redirect(next_hop.egress),
                reason,
                tally,
                packets: segments,
                bytes,
            }
        }),
    )
}

/// The whole decision, and what it found into the cache.
#[inline(always)]
fn resolved(ctx: &TcContext, buffer: &Buffer<'_>, site: &Maps<'_>) -> Result<Forwarded, Reason> {
    let (packet, tunnel, push) = path::encapsulate(buffer, 0, identification(Layer::Tc), site)?;
    let (segments, bytes) = (buffer.segments(), packet.inner.total_length());
    let line = Line::of(packet.inner.destination, cache::now()).ok_or(Reason::Failed)?;
    // The kernel compares segments itself.
    let total = if buffer.is_gso() {
        0
    } else {
        bytes + ipv4::LENGTH as u32
    };
    let egress = resolve(ctx, &line, tunnel, total, site)?;
    line.sent(segments, bytes);
    apply::push_unaddressed(ctx, &push)?;
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

/// The interface out of which an outer packet of `total` octets goes.
#[inline(always)]
fn resolve(
    ctx: &TcContext,
    line: &Line,
    tunnel: Tunnel,
    total: u32,
    site: &Maps<'_>,
) -> Result<u32, Reason> {
    let config = site.config();
    let locator = site.locator_in(tunnel.locator).ok_or(Reason::NoLocator)?;
    let is_due = line.is_due();
    // Without a length the kernel leaves path MTUs aside, which anybody can lower by an ICMPv4
    // message: routers may fragment what we send.
    match fib::ipv4(ctx.as_ptr(), config.device, locator.ipv4, tunnel.remote, 0) {
        Ok(way) if way.egress == config.device => Err(Reason::NoRoute),
        Ok(way) if total > u32::from(way.mtu) => Err(Reason::TooBig),
        Ok(way) => {
            if !is_due {
                line.fill_forward(config, &way, tunnel.remote, tunnel.locator);
            }
            Ok(way.egress)
        }
        Err(no_way) if no_way.reason == Reason::NoNeighbor && no_way.egress != 0 => {
            Ok(no_way.egress)
        }
        Err(no_way) => Err(no_way.reason),
    }
}
