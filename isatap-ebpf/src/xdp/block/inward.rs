//! Protocol 41 in, IPv6 out.

use aya_ebpf::{bindings::xdp_action, programs::XdpContext};
use isatap_common::{
    abi::{Direction, NextHop, Origin, Uncached},
    path::express,
};

use super::super::{apply, leave};
use crate::{
    cache::{Admission, Cache, peer},
    window::{Frame, Words},
};

/// Goes on with a frame that `isatap_xdp`, which alone calls this, has found in order, with an inner
/// source that embeds the outer one. The program is the proof: nothing has touched the frame since.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    forward(ctx).unwrap_or_else(|| leave(ctx, Uncached::In))
}

/// `None` where not both ends are known; the frame is as it was.
#[inline(always)]
fn forward(ctx: &XdpContext) -> Option<u32> {
    let head = Frame(ctx).head(express::INWARD)?;
    let cache = Cache::of_this_cpu()?;
    let admission = cache.admission_of(express::inner_source(&head));
    let (origin, next_hop, length) = known(ctx, head, cache, &admission, cache.now())?;
    cache.forwarded(Direction::In, length);
    if let Some(heard) = cache.sampled(Direction::In, length) {
        peer::meet(origin.ends.source, origin.ends.destination, heard);
    }
    if apply::strip(ctx, head, next_hop).is_err() {
        // There is more of the frame than is taken off, so this never happens.
        return Some(xdp_action::XDP_ABORTED);
    }
    Some(apply::redirect(next_hop.egress))
}

/// Who sent a frame in order, whose inner source embeds the outer one, its next hop, and the length of its inner
/// packet, where the host has no line of its own. All is read from the frame here, so that whoever has found no line
/// need not have kept it.
#[inline(always)]
pub fn known<'a>(
    ctx: &XdpContext,
    head: Words,
    cache: Cache,
    admission: &Admission,
    now: u64,
) -> Option<(Origin, &'a NextHop, u32)> {
    let origin = express::origin(&head, ctx.ingress_ifindex() as u32);
    let block = cache.source_block(origin.prefix, origin.ends.source);
    if !admission.is_taken(now) || !block.has(&origin, now) {
        return None;
    }
    let destination = express::inner_destination(&head);
    let next_hop = cache.way(destination).known(destination, now)?;
    let length = express::inner_length(&head);
    let fits = !next_hop.is_tunnel() && length <= u32::from(next_hop.mtu);
    fits.then_some((origin, next_hop, length))
}
