//! Between the IPv4 NICs and the ISATAP device, where the kernel routes, filters and answers; and, on
//! request, between NICs without XDP.

mod apply;
pub mod egress;
pub mod forward;
pub mod ingress;
pub mod probe;
mod skb;

use aya_ebpf::{
    bindings::{TC_ACT_SHOT, TC_ACT_UNSPEC},
    programs::TcContext,
};
use isatap_common::{
    abi::{Direction, Layer},
    path::{Reason, Verdict},
};

use crate::{
    count::{Tally, count},
    trace::trace,
};

/// A packet that was sent on.
pub struct Forwarded {
    action: i32,
    reason: Reason,
    tally: Tally,
    packets: u32,
    bytes: u32,
}

/// Counts the packet and turns its reason into an action.
#[inline(always)]
fn end(ctx: &TcContext, direction: Direction, result: Result<Forwarded, Reason>) -> i32 {
    match result {
        Ok(forwarded) => {
            forwarded.tally.add(forwarded.packets, forwarded.bytes);
            trace(ctx, direction, Layer::Tc, forwarded.reason, forwarded.bytes);
            forwarded.action
        }
        Err(reason) => refuse(ctx, direction, reason),
    }
}

/// Drops a packet or leaves it to whatever comes next.
#[inline(always)]
fn refuse(ctx: &TcContext, direction: Direction, reason: Reason) -> i32 {
    // Ordinary traffic of the NIC: not worth the cost of a counter.
    if reason == Reason::NotOurs {
        return TC_ACT_UNSPEC;
    }
    count(direction, Layer::Tc, reason, 1, 0);
    trace(ctx, direction, Layer::Tc, reason, 0);
    match reason.verdict() {
        Verdict::Drop => TC_ACT_SHOT as i32,
        Verdict::Pass | Verdict::Forward => TC_ACT_UNSPEC,
    }
}
