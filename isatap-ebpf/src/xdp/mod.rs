//! NIC to NIC. Whatever is not the common case goes down to the kernel untouched.

mod apply;
mod inward;
mod outward;

use aya_ebpf::{bindings::xdp_action, programs::XdpContext};
use isatap_common::{
    abi::{Direction, Layer},
    octets::Octets as _,
    path::{Reason, Verdict},
    wire::ethernet,
};

use crate::{
    count::{Tally, count},
    site::Maps,
    trace::trace,
    window::Frame,
};

/// Decides on one frame.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    let frame = Frame(ctx);
    let Some(header) = frame.read::<{ ethernet::LENGTH }>(0) else {
        return xdp_action::XDP_PASS;
    };
    let Some(site) = Maps::new() else {
        return xdp_action::XDP_PASS;
    };
    match ethernet::ethertype(&header) {
        ethernet::IPV4 => inward::run(ctx, &frame, site),
        ethernet::IPV6 => outward::run(ctx, &frame, site),
        _ => xdp_action::XDP_PASS,
    }
}

/// A packet that was sent on.
pub struct Forwarded {
    action: u32,
    reason: Reason,
    tally: Tally,
    bytes: u32,
}

/// Counts the packet and turns its reason into an action.
#[inline(always)]
fn end(ctx: &XdpContext, direction: Direction, result: Result<Forwarded, Reason>) -> u32 {
    match result {
        Ok(forwarded) => {
            forwarded.tally.add(1, forwarded.bytes);
            trace(
                ctx,
                direction,
                Layer::Xdp,
                forwarded.reason,
                forwarded.bytes,
            );
            forwarded.action
        }
        Err(reason) => refuse(ctx, direction, reason),
    }
}

/// Drops a packet or leaves it to the layer below.
#[inline(always)]
fn refuse(ctx: &XdpContext, direction: Direction, reason: Reason) -> u32 {
    // Ordinary traffic of the NIC: not worth the cost of a counter.
    if reason == Reason::NotOurs {
        return xdp_action::XDP_PASS;
    }
    count(direction, Layer::Xdp, reason, 1, 0);
    trace(ctx, direction, Layer::Xdp, reason, 0);
    match reason.verdict() {
        Verdict::Drop => xdp_action::XDP_DROP,
        Verdict::Pass | Verdict::Forward => xdp_action::XDP_PASS,
    }
}
