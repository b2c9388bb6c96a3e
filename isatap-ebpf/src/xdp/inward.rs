//! Protocol 41 in, IPv6 out, if both ends are in the cache.

use aya_ebpf::{bindings::xdp_action, programs::XdpContext};
use isatap_common::{
    abi::{Direction, NextHop},
    path::express,
};

use super::{apply, leave};
use crate::{
    cache::Cache,
    window::{Frame, Words},
};

#[inline(always)]
pub fn run(ctx: &XdpContext, head: Words) -> u32 {
    let Some(next_hop) = known(ctx, head) else {
        return leave(ctx, Direction::In);
    };
    if apply::strip(ctx, head, next_hop).is_err() {
        // There is more of the frame than is taken off, so this never happens.
        return xdp_action::XDP_ABORTED;
    }
    apply::redirect(next_hop.egress)
}

/// The next hop of a frame, which is counted as forwarded; `None` where anything is out of the
/// ordinary.
#[inline(always)]
fn known<'a>(ctx: &XdpContext, head: Words) -> Option<&'a NextHop> {
    let length = express::inward(&head, Frame(ctx).present())?;
    let cache = Cache::of_this_cpu()?;
    let now = cache.now();
    let origin = express::origin(&head, ctx.ingress_ifindex() as u32)?;
    let admission = cache.admission(origin.prefix, origin.remote);
    if !admission.holds(&origin, now) {
        return None;
    }
    let destination = express::inner_destination(&head);
    let next_hop = cache.way(destination).known(destination, now)?;
    if next_hop.is_tunnel() || length > u32::from(next_hop.mtu) {
        return None;
    }
    admission.heard(1, length);
    cache.forwarded(Direction::In, length);
    Some(next_hop)
}
