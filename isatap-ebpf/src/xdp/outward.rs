//! IPv6 in, protocol 41 out, if the way is in the cache.

use aya_ebpf::programs::XdpContext;
use isatap_common::{
    abi::{Direction, Uncached},
    path::express,
    wire::{ethernet, ipv4},
};

use super::{aborted, apply, begin, block, leave, pass, pass_by};
use crate::{
    cache::{Cache, Way},
    window::{Frame, Words},
};

/// Decides on one frame of a native link.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    let Some((head, cache, _)) = begin(ctx, express::OUTWARD, ethernet::IPV6) else {
        return pass_by();
    };
    match forward(ctx, head, cache) {
        Some(action) => action,
        // Most of what is not in the cache is ordinary traffic of the NIC.
        None if !express::is_to_isatap(&head) => pass(Uncached::Out),
        None => leave(ctx, Uncached::OutUnknown),
    }
}

/// `None` where anything is out of the ordinary; the frame is as it was.
#[inline(always)]
fn forward(ctx: &XdpContext, head: Words, cache: Cache) -> Option<u32> {
    let length = express::outward(&head, Frame(ctx).present(head))?;
    let now = cache.now();
    let destination = express::destination(&head);
    let way = cache.way(destination);
    let Some(next_hop) = way.known(destination, now) else {
        return by_block(ctx, head, (cache, way), now);
    };
    // No way into the tunnel takes less than the least MTU of IPv6, so this does not wrap.
    let room = u32::from(next_hop.mtu).wrapping_sub(ipv4::LENGTH as u32);
    if !next_hop.is_tunnel() || length > room {
        return None;
    }
    if apply::room(ctx).is_err() {
        // The kernel makes room where there is none.
        return Some(pass(Uncached::OutUnknown));
    }
    way.sent(1, length);
    cache.forwarded(Direction::Out, length);
    let Some(head) = Frame(ctx).head(express::INWARD) else {
        // There is more of the frame than there was, so this never happens.
        return Some(aborted());
    };
    let outer = next_hop.outer(
        express::inner_traffic_class(&head) & cache.copied(),
        (length + ipv4::LENGTH as u32) as u16,
        cache.common(),
    );
    apply::push(head, next_hop, &outer);
    Some(apply::redirect(next_hop.egress))
}

/// The same with a packet whose destination has no line of its own. It has nothing in common with what a line leads
/// to, which would be dearer for it.
#[inline(always)]
fn by_block(ctx: &XdpContext, head: Words, (cache, way): (Cache, Way), now: u64) -> Option<u32> {
    let (cache, way) = (cache.apart(), way.apart());
    let (line, remote, length) = block::outward::known(head, cache, &way, now)?;
    if !cache.passes(Direction::Out) {
        return Some(leave(ctx, Uncached::OutBlock));
    }
    Some(block::outward::send(ctx, cache, line, (remote, length)))
}
