//! IPv6 in, protocol 41 out.

use aya_ebpf::{bindings::xdp_action, programs::XdpContext};
use isatap_common::{
    abi::{Direction, Traffic, Uncached},
    addr::{Address, Ipv4},
    path::express,
    wire::ipv4,
};

use super::super::{apply, leave};
use crate::{
    cache::{Cache, peer},
    window::Frame,
};

/// A packet of `length` octets, in order and from an ordinary native address, to a destination that
/// embeds `remote`. `None` where its way is not known; the frame is as it was.
#[inline(always)]
pub fn forward(
    ctx: &XdpContext,
    cache: Cache,
    (destination, remote, length): (Address, Ipv4, u32),
    now: u64,
) -> Option<u32> {
    if !cache.way(destination).is_taken(destination, now) {
        return None;
    }
    let line = cache.way_block(destination, remote);
    let total = length + ipv4::LENGTH as u32;
    if !line.has(destination, remote, now) || total > u32::from(line.way.mtu) {
        return None;
    }
    if apply::room(ctx).is_err() {
        // What was known of the frame is not any more.
        return Some(leave(ctx, Uncached::Out));
    }
    cache.forwarded(Direction::Out, length);
    if let Some(sent) = cache.sampled(Direction::Out, length) {
        peer::add(remote, Traffic::default(), sent);
    }
    let Some(head) = Frame(ctx).head(express::INWARD) else {
        // There is more of the frame than there was, so this never happens.
        return Some(xdp_action::XDP_ABORTED);
    };
    let class = express::inner_traffic_class(&head) & cache.copied();
    let outer = line.outer(remote, class, total as u16, cache.common());
    apply::push(head, &line.way, &outer);
    Some(apply::redirect(line.way.egress))
}
