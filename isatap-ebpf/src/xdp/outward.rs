//! IPv6 in, protocol 41 out, if the way is in the cache.

use core::hint::cold_path;

use aya_ebpf::programs::XdpContext;
use isatap_common::{
    abi::{Direction, Traffic, Uncached},
    path::express,
    wire::{ethernet, ipv4},
};

use super::{aborted, apply, block, is_ours, leave, pass, pass_by};
use crate::{
    cache::{self, Cache, Way},
    window::{Frame, Words},
};

/// Decides on one frame of a native link.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    match forward(ctx) {
        Ok(action) => action,
        Err(Unknown::Way) => leave(ctx, Uncached::OutUnknown),
        Err(Unknown::All) if is_tunnelled(ctx) => leave(ctx, Uncached::OutUnknown),
        Err(Unknown::All) => pass_by(),
    }
}

/// What the cache has no line for.
enum Unknown {
    /// Anything, or something is out of the ordinary. Nothing was asked of the frame for certain.
    All,
    /// Where the packet goes, which is for the tunnel, in a frame for this NIC.
    Way,
}

/// Whether a frame is for the tunnel, and for the NIC; most are not. Others are none of our business, and not counted.
#[inline(always)]
fn is_tunnelled(ctx: &XdpContext) -> bool {
    let head = Frame(ctx).head(express::OUTWARD);
    head.is_some_and(|head| express::is_to_isatap(&head) && is_ours(ctx, head, ethernet::IPV6))
}

/// Sends a frame on, if all is known; else it is as it was.
#[inline(always)]
fn forward(ctx: &XdpContext) -> Result<u32, Unknown> {
    let head = Frame(ctx).head(express::OUTWARD).ok_or(Unknown::All)?;
    let cache = Cache::of_this_cpu().ok_or(Unknown::All)?;
    // Now, because what is known of the packet would not outlive a call.
    let now = cache.now();
    if !express::is_for(&head, cache.nic(ctx.ingress_ifindex() as u32)) {
        return Err(Unknown::All);
    }
    let length = express::outward(&head, || Frame(ctx).present(head)).ok_or(Unknown::All)?;
    let destination = express::destination(&head);
    let way = cache.way(destination);
    let Some(next_hop) = way.known(destination, now) else {
        cold_path();
        return by_block(ctx, head, (cache, way), now);
    };
    // No way into the tunnel takes less than the least MTU of IPv6, so this does not wrap.
    let room = u32::from(next_hop.mtu).wrapping_sub(ipv4::LENGTH as u32);
    if !next_hop.is_tunnel() || length > room {
        return Err(Unknown::All);
    }
    let next_hop = cache::kept(next_hop);
    if apply::room(ctx).is_err() {
        // The kernel makes room where there is none.
        return Ok(pass(Uncached::OutUnknown));
    }
    next_hop.sent.add(Traffic::new(1, length));
    cache.forwarded(Direction::Out, length);
    let Some(head) = Frame(ctx).head(express::INWARD) else {
        // There is more of the frame than there was, so this never happens.
        return Ok(aborted());
    };
    let outer = next_hop.outer(
        express::inner_traffic_class(&head) & cache.copied(),
        (length + ipv4::LENGTH as u32) as u16,
        cache.common(),
    );
    apply::push(head, next_hop, &outer);
    Ok(apply::redirect(next_hop.egress))
}

/// The same with a packet whose destination has no line of its own. It has nothing in common with what a line leads
/// to, which would be dearer for it.
#[inline(always)]
fn by_block(
    ctx: &XdpContext,
    head: Words,
    (cache, way): (Cache, Way),
    now: u64,
) -> Result<u32, Unknown> {
    let (cache, way) = (cache.apart(), way.apart());
    let remote = express::remote(&head).ok_or(Unknown::All)?;
    let known = block::outward::known(head, cache, remote, &way, now);
    let (line, _) = known.ok_or(Unknown::Way)?;
    if !cache.passes(Direction::Out) {
        return Ok(leave(ctx, Uncached::OutBlock));
    }
    Ok(block::outward::send(ctx, cache, line))
}
