//! Protocol 41 in, IPv6 out.

use aya_ebpf::{EbpfContext as _, bindings::xdp_action, programs::XdpContext};
use isatap_common::{
    abi::{Config, Decision, Direction, NextHop, Traffic},
    path::{
        self, Reason, Site as _,
        admit::{Scope, Voucher},
        express,
    },
    wire::{ethernet, ipv6},
};

use super::super::{Forwarded, apply, end};
use crate::{
    cache::{Cache, peer},
    fib,
    maps::LINKS,
    site::Maps,
    window::Frame,
};

/// Where the outer header starts.
const OUTER_AT: usize = ethernet::LENGTH;

/// Decides on one frame of IPv4.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    let Some(site) = Maps::new() else {
        return xdp_action::XDP_PASS;
    };
    end(ctx, Direction::In, resolved(ctx, &Frame(ctx), site))
}

/// The whole decision, and what it found into the cache.
#[inline(always)]
fn resolved(ctx: &XdpContext, frame: &Frame<'_>, site: Maps<'_>) -> Result<Forwarded, Reason> {
    let generation = site.generation();
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
    let cache = Cache::of_this_cpu().ok_or(Reason::Failed)?;
    let now = cache.now();
    let mut is_known = true;
    if admitted.vouched_by == Voucher::Host {
        let origin = packet.origin(ifindex);
        let admission = cache.admission(origin.prefix, origin.ends.source);
        is_known = admission.fill(&origin, cache, config, now);
        admission.heard(1, inner.total_length());
        if config.is_router() {
            let decision = Decision {
                generation,
                fresh: config.fresh_jiffies,
                now,
            };
            let block = cache.source_block(origin.prefix, origin.ends.source);
            block.learn(&origin, &decision);
        }
    }
    let (next_hop, reason) = match cache.way(inner.destination).known(inner.destination, now) {
        // It was something else that was out of the ordinary.
        Some(known) if !known.is_tunnel() && inner.total_length() <= u32::from(known.mtu) => {
            let reason = if is_known {
                Reason::Cached
            } else {
                Reason::Resolved
            };
            (known, reason)
        }
        _ => (found(ctx, inner, config, cache)?, Reason::Resolved),
    };
    if admitted.vouched_by == Voucher::Mapping {
        let heard = Traffic::new(1, inner.total_length());
        peer::meet(packet.outer.source, packet.outer.destination, heard);
    }
    let head = frame.head(express::INWARD).ok_or(Reason::Failed)?;
    if strip.is_marked {
        apply::mark(head, strip.first_word);
    }
    apply::strip(ctx, head, next_hop)?;
    Ok(Forwarded {
        action: apply::redirect(next_hop.egress),
        reason,
        bytes: strip.length,
    })
}

/// The way that the kernel's routing table has for the packet, into the cache.
#[inline(always)]
fn found<'a>(
    ctx: &XdpContext,
    inner: &ipv6::Header,
    config: &Config,
    cache: Cache,
) -> Result<&'a mut NextHop, Reason> {
    let way = cache.way(inner.destination);
    if way.is_due(inner.destination) {
        return Err(Reason::Revalidate);
    }
    let length = u16::try_from(inner.total_length()).map_err(|_| Reason::TooBig)?;
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
