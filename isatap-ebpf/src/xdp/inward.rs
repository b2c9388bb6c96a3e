//! Protocol 41 in, IPv6 out, if both ends are in the cache.

use core::hint::cold_path;

use aya_ebpf::programs::XdpContext;
use isatap_common::{
    abi::{Direction, NextHop, Uncached},
    path::express,
    wire::ethernet,
};

use super::{aborted, apply, block, is_ours, leave, pass_by};
use crate::{
    cache::{self, Admission, Cache},
    window::{Frame, Words},
};

/// Decides on one frame of an uplink.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    match forward(ctx) {
        Ok(action) => action,
        Err(Unknown::Way) => leave(ctx, Uncached::InAdmitted),
        Err(Unknown::Account) => leave(ctx, Uncached::InBlock),
        Err(Unknown::All) if is_tunnelled(ctx) => leave(ctx, Uncached::In),
        Err(Unknown::All) => pass_by(),
    }
}

/// Whether a frame is of the tunnel, and for the NIC; most are not. Others are none of our business, and not counted.
#[inline(always)]
fn is_tunnelled(ctx: &XdpContext) -> bool {
    let head = Frame(ctx).head(express::INWARD);
    head.is_some_and(|head| express::is_tunnelled(&head) && is_ours(ctx, head, ethernet::IPV4))
}

/// What the cache has no line for.
enum Unknown {
    /// Anything, or something is out of the ordinary. Not even whether the frame is for this NIC was asked.
    All,
    /// Nothing, but the packet stands for many in the account of its host.
    Account,
    /// Where the packet in a frame goes; nothing else is missing.
    Way,
}

/// Sends a frame on, if all is known; else it is as it was.
#[inline(always)]
fn forward(ctx: &XdpContext) -> Result<u32, Unknown> {
    let head = Frame(ctx).head(express::INWARD).ok_or(Unknown::All)?;
    let cache = Cache::of_this_cpu().ok_or(Unknown::All)?;
    // Now, because what is known of the packet would not outlive a call.
    let now = cache.now();
    let length = express::inward(&head, || Frame(ctx).present(head)).ok_or(Unknown::All)?;
    let source = express::inner_source(&head);
    let admission = cache.admission_of(source);
    let (ends, ifindex) = (|| express::ends(&head), || ctx.ingress_ifindex() as u32);
    if !admission.admits(source, ends, ifindex, || express::first(&head), now) {
        cold_path();
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
    Ok(send(ctx, head, next_hop, apply::redirect))
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
    let nic = cache.nic(ctx.ingress_ifindex() as u32);
    if !express::is_for(&head, nic) || !express::vouches_for_itself(&head) {
        return Err(Unknown::All);
    }
    let known = block::inward::known(ctx, head, cache, &admission, now);
    let (_, next_hop, length) = known.ok_or(Unknown::All)?;
    if !cache.passes(Direction::In) {
        return Err(Unknown::Account);
    }
    cache.forwarded(Direction::In, length);
    Ok(send(ctx, head, next_hop, apply::redirect_apart))
}

/// Sends the packet in a frame to its next hop.
#[inline(always)]
fn send(ctx: &XdpContext, head: Words, next_hop: &NextHop, redirect: fn(u32) -> u32) -> u32 {
    // Now: the line would have to be kept on the stack until then.
    let egress = cache::egress(next_hop);
    if apply::strip(ctx, head, next_hop).is_err() {
        // There is more of the frame than is taken off, so this never happens.
        return aborted();
    }
    redirect(egress)
}
