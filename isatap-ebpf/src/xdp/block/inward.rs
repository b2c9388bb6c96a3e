//! Protocol 41 in, IPv6 out.

use aya_ebpf::{bindings::xdp_action, programs::XdpContext};
use isatap_common::{
    abi::{Direction, Uncached},
    path::express,
};

use super::super::{apply, leave};
use crate::{
    cache::{Cache, peer},
    window::Frame,
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
    let now = cache.now();
    let origin = express::origin(&head, ctx.ingress_ifindex() as u32)?;
    let (prefix, remote) = (origin.prefix, origin.remote);
    if !cache.admission(prefix, remote).is_taken(now)
        || !cache.source_block(prefix, remote).has(&origin, now)
    {
        return None;
    }
    let destination = express::inner_destination(&head);
    let next_hop = cache.way(destination).known(destination, now)?;
    let length = express::inner_length(&head);
    if next_hop.is_tunnel() || length > u32::from(next_hop.mtu) {
        return None;
    }
    cache.forwarded(Direction::In, length);
    if let Some(heard) = cache.sampled(Direction::In, length) {
        peer::meet(remote, origin.local, heard);
    }
    if apply::strip(ctx, head, next_hop).is_err() {
        // There is more of the frame than is taken off, so this never happens.
        return Some(xdp_action::XDP_ABORTED);
    }
    Some(apply::redirect(next_hop.egress))
}
