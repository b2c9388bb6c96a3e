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

use crate::{count::count, site::Maps, trace::trace, window::Frame};

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
        ethernet::IPV4 => end(ctx, Direction::In, inward::run(ctx, &frame, site)),
        ethernet::IPV6 => end(ctx, Direction::Out, outward::run(ctx, &frame, site)),
        _ => xdp_action::XDP_PASS,
    }
}

/// A packet that was sent on.
pub struct Forwarded {
    action: u32,
    reason: Reason,
    bytes: u32,
}

/// Counts the packet and turns its reason into an action.
#[inline(always)]
fn end(ctx: &XdpContext, direction: Direction, result: Result<Forwarded, Reason>) -> u32 {
    let (action, reason, bytes) = match result {
        Ok(Forwarded {
            action,
            reason,
            bytes,
        }) => (action, reason, bytes),
        // Ordinary traffic of the NIC: not worth the cost of a counter.
        Err(Reason::NotOurs) => return xdp_action::XDP_PASS,
        Err(reason) => match reason.verdict() {
            Verdict::Drop => (xdp_action::XDP_DROP, reason, 0),
            Verdict::Pass | Verdict::Forward => (xdp_action::XDP_PASS, reason, 0),
        },
    };
    count(direction, Layer::Xdp, reason, 1, bytes);
    trace(ctx, direction, Layer::Xdp, reason, bytes);
    action
}
