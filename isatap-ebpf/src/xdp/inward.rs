//! Protocol 41 in, IPv6 out, if both ends are in the cache.

use aya_ebpf::programs::XdpContext;
use isatap_common::{
    abi::{Direction, NextHop, Uncached},
    path::express,
    wire::ethernet,
};

use super::{aborted, apply, begin, block, leave, pass_by};
use crate::{
    cache::{self, Admission, Cache},
    window::{Frame, Words},
};

/// Decides on one frame of an uplink.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    let Some((head, cache, ifindex)) = begin(ctx, express::INWARD, ethernet::IPV4) else {
        return pass_by();
    };
    match forward(ctx, head, cache, ifindex) {
        Ok(action) => action,
        Err(Unknown::Way) => leave(ctx, Uncached::InAdmitted),
        Err(Unknown::Account) => leave(ctx, Uncached::InBlock),
        Err(Unknown::All) => leave(ctx, Uncached::In),
    }
}

/// What the cache has no line for.
enum Unknown {
    /// Anything, or something is out of the ordinary.
    All,
    /// Nothing, but the packet stands for many in the account of its host.
    Account,
    /// Where the packet in a frame goes; nothing else is missing.
    Way,
}

/// Sends a frame on, if all is known; else it is as it was.
#[inline(always)]
fn forward(ctx: &XdpContext, head: Words, cache: Cache, ifindex: u32) -> Result<u32, Unknown> {
    let length = express::inward(&head, Frame(ctx).present(head)).ok_or(Unknown::All)?;
    let now = cache.now();
    let sender = express::sender(&head).ok_or(Unknown::All)?;
    let admission = cache.admission(sender.0, sender.1);
    let local = || express::local(&head);
    if !admission.admits(sender, local, || ifindex, now) {
        return by_block(ctx, head, (cache, admission), now);
    }
    let destination = express::inner_destination(&head);
    let way = cache.way(destination);
    let next_hop = way.known(destination, now).ok_or(Unknown::Way)?;
    if next_hop.is_tunnel() || length > u32::from(next_hop.mtu) {
        return Err(Unknown::All);
    }
    admission.heard(1, length);
    cache.forwarded(Direction::In, length);
    Ok(send(ctx, head, next_hop))
}

/// The same with a frame whose host has no line of its own. It has nothing in common with what a line leads to, which
/// would be dearer for it.
#[inline(always)]
fn by_block(
    ctx: &XdpContext,
    head: Words,
    (cache, admission): (Cache, Admission),
    now: u64,
) -> Result<u32, Unknown> {
    let (cache, admission) = (cache.apart(), admission.apart());
    let known = block::inward::known(ctx, head, cache, &admission, now);
    let (_, next_hop, length) = known.ok_or(Unknown::All)?;
    if !cache.passes(Direction::In) {
        return Err(Unknown::Account);
    }
    cache.forwarded(Direction::In, length);
    Ok(send(ctx, head, next_hop))
}

/// Sends the packet in a frame to its next hop.
#[inline(always)]
fn send(ctx: &XdpContext, head: Words, next_hop: &NextHop) -> u32 {
    // Now: the line would have to be kept on the stack until then.
    let egress = cache::egress(next_hop);
    if apply::strip(ctx, head, next_hop).is_err() {
        // There is more of the frame than is taken off, so this never happens.
        return aborted();
    }
    apply::redirect(egress)
}
