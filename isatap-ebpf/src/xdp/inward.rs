//! Protocol 41 in, IPv6 out, if both ends are in the cache.

use aya_ebpf::{bindings::xdp_action, programs::XdpContext};
use isatap_common::{
    abi::{Direction, NextHop, Uncached},
    path::express,
    wire::ethernet,
};

use super::{aborted, apply, begin, leave};
use crate::{
    cache::{self, Cache},
    window::{Frame, Words},
};

/// Decides on one frame of an uplink.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    let Some(head) = begin(ctx, express::INWARD, ethernet::IPV4) else {
        return xdp_action::XDP_PASS;
    };
    let next_hop = match known(ctx, head) {
        Ok(next_hop) => next_hop,
        Err(Unknown::Way) => return leave(ctx, Uncached::InAdmitted),
        Err(Unknown::Host) => return leave(ctx, Uncached::InBlock),
        Err(Unknown::All) => return leave(ctx, Uncached::In),
    };
    // Now: the line would have to be kept on the stack until then.
    let egress = cache::egress(next_hop);
    if apply::strip(ctx, head, next_hop).is_err() {
        // There is more of the frame than is taken off, so this never happens.
        return aborted();
    }
    apply::redirect(egress)
}

/// What the cache has no line for.
enum Unknown {
    /// Anything, or something is out of the ordinary.
    All,
    /// Who sent the frame, which is in order.
    Host,
    /// Where the packet in it goes; nothing else is missing.
    Way,
}

/// The next hop of a frame, which is counted as forwarded.
#[inline(always)]
fn known<'a>(ctx: &XdpContext, head: Words) -> Result<&'a NextHop, Unknown> {
    let length = express::inward(&head, Frame(ctx).present()).ok_or(Unknown::All)?;
    let cache = Cache::of_this_cpu().ok_or(Unknown::All)?;
    let now = cache.now();
    let origin = express::origin(&head, ctx.ingress_ifindex() as u32).ok_or(Unknown::All)?;
    let admission = cache.admission(origin.prefix, origin.remote);
    if !admission.holds(&origin, now) {
        return Err(Unknown::Host);
    }
    let destination = express::inner_destination(&head);
    let way = cache.way(destination);
    let next_hop = way.known(destination, now).ok_or(Unknown::Way)?;
    if next_hop.is_tunnel() || length > u32::from(next_hop.mtu) {
        return Err(Unknown::All);
    }
    admission.heard(1, length);
    cache.forwarded(Direction::In, length);
    Ok(next_hop)
}
