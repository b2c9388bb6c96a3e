//! Between the IPv4 NICs and the ISATAP device, where the kernel routes, filters and answers.

mod apply;
pub mod egress;
pub mod ingress;
pub mod probe;

use aya_ebpf::{
    bindings::{TC_ACT_SHOT, TC_ACT_UNSPEC},
    programs::TcContext,
};
use isatap_common::{
    abi::{Direction, Layer},
    path::{Reason, Verdict},
};

use crate::{count::count, trace::trace};

/// A packet that was sent on.
pub struct Forwarded {
    action: i32,
    reason: Reason,
    packets: u32,
    bytes: u32,
}

/// Counts the packet and turns its reason into an action.
#[inline(always)]
fn end(ctx: &TcContext, direction: Direction, result: Result<Forwarded, Reason>) -> i32 {
    let (action, reason, packets, bytes) = match result {
        Ok(Forwarded {
            action,
            reason,
            packets,
            bytes,
        }) => (action, reason, packets, bytes),
        // Ordinary traffic of the NIC: not worth the cost of a counter.
        Err(Reason::NotOurs) => return TC_ACT_UNSPEC,
        Err(reason) => match reason.verdict() {
            Verdict::Drop => (TC_ACT_SHOT as i32, reason, 1, 0),
            Verdict::Pass | Verdict::Forward => (TC_ACT_UNSPEC, reason, 1, 0),
        },
    };
    count(direction, Layer::Tc, reason, packets, bytes);
    trace(ctx, direction, Layer::Tc, reason, bytes);
    action
}
