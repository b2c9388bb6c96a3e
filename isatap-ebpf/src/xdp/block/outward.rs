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
    let (line, remote, length) = known(head, cache, &way, cache.now())?;
    if let Some(sent) = cache.sampled(Direction::Out, length) {
        peer::add(remote, Traffic::default(), sent);
    }
    Some(send(ctx, cache, line, (remote, length)))
}

/// The line of the block of a packet's destination, the IPv4 address there, and the length of the packet, where the
/// destination has no line of its own. All is read from the frame here, as inwards.
#[inline(always)]
pub fn known<'a>(
    head: Words,
    cache: Cache,
    way: &Way,
    now: u64,
) -> Option<(&'a mut WayBlock, Ipv4, u32)> {
    let remote = express::remote(&head)?;
    let destination = express::destination(&head);
    if !way.is_taken(destination, now) {
        return None;
    }
    let line = cache.way_block(destination, remote);
    let length = express::plain_length(&head);
    let total = length + ipv4::LENGTH as u32;
    let fits = line.has(destination, remote, now) && total <= u32::from(line.way.mtu);
    fits.then_some((line, remote, length))
}

/// Sends a packet of `length` octets to `remote` as the line of its block says.
#[inline(always)]
pub fn send(
    ctx: &XdpContext,
    cache: Cache,
    line: &mut WayBlock,
    (remote, length): (Ipv4, u32),
) -> u32 {
    if apply::room(ctx).is_err() {
        // The kernel makes room where there is none.
        return pass(Uncached::OutBlock);
    }
    cache.forwarded(Direction::Out, length);
    let Some(head) = Frame(ctx).head(express::INWARD) else {
        // There is more of the frame than there was, so this never happens.
        return aborted();
    };
    let class = express::inner_traffic_class(&head) & cache.copied();
    let total = (length + ipv4::LENGTH as u32) as u16;
    let outer = line.outer(remote, class, total, cache.common());
    apply::push(head, &line.way, &outer);
    apply::redirect(line.way.egress)
}
