//! IPv6 in, protocol 41 out.

use aya_ebpf::programs::XdpContext;
use isatap_common::{
    abi::{Direction, Traffic, Uncached, WayBlock},
    addr::Ipv4,
    path::express,
    wire::ipv4,
};

use super::super::{aborted, apply, leave, pass};
use crate::{
    cache::{Cache, Way, peer},
    window::{Frame, Words},
};

/// Goes on with a frame that `isatap_xdp`, which alone calls this, has found in order, from an ordinary native
/// address to one that embeds an IPv4 address. The program is the proof, as inwards.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    forward(ctx).unwrap_or_else(|| leave(ctx, Uncached::Out))
}

/// `None` where the way is not known; the frame is as it was.
#[inline(always)]
fn forward(ctx: &XdpContext) -> Option<u32> {
    let head = Frame(ctx).head(express::OUTWARD)?;
    let cache = Cache::of_this_cpu()?;
    let way = cache.way(express::destination(&head));
    let remote = express::remote(&head)?;
    let (line, length) = known(head, cache, remote, &way, cache.now())?;
    if let Some(sent) = cache.sampled(Direction::Out, length) {
        peer::add(remote, Traffic::default(), sent);
    }
    Some(send(ctx, cache, line))
}

/// The line of the block of a packet's destination, which embeds `remote`, and the length of the packet, where the
/// destination has no line of its own. All is read from the frame here, as inwards.
#[inline(always)]
pub fn known<'a>(
    head: Words,
    cache: Cache,
    remote: Ipv4,
    way: &Way,
    now: u64,
) -> Option<(&'a mut WayBlock, u32)> {
    let destination = express::destination(&head);
    if !way.is_taken(destination, now) {
        return None;
    }
    let line = cache.way_block(destination, remote);
    let length = express::plain_length(&head);
    let total = length + ipv4::LENGTH as u32;
    let fits = line.has(destination, remote, now) && total <= u32::from(line.way.mtu);
    fits.then_some((line, length))
}

/// Sends a packet as the line of the block of its destination says. What is needed of it is read once more, behind the
/// room for the outer header, so that nobody has to have kept it.
#[inline(always)]
pub fn send(ctx: &XdpContext, cache: Cache, line: &mut WayBlock) -> u32 {
    if apply::room(ctx).is_err() {
        // The kernel makes room where there is none.
        return pass(Uncached::OutBlock);
    }
    let Some(head) = Frame(ctx).head(express::INWARD) else {
        // There is more of the frame than there was, so this never happens.
        return aborted();
    };
    let (remote, length) = (express::inner_remote(&head), express::inner_length(&head));
    cache.forwarded(Direction::Out, length);
    let class = express::inner_traffic_class(&head) & cache.copied();
    let total = (length + ipv4::LENGTH as u32) as u16;
    let outer = line.outer(remote, class, total, cache.common());
    apply::push(head, &line.way, &outer);
    apply::redirect(line.way.egress)
}
