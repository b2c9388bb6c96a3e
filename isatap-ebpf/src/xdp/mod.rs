//! NIC to NIC. Whatever is not the common case goes down to the kernel untouched.
//!
//! A NIC has the program of its side, [`inward`] or [`outward`], or, if it is on both, one that leads to them, [`both`].
//! A frame whose ends the caches know costs a fifth more than one that is redirected as it is,
//! because nothing else is in that program: the rest is in programs of its own. [`way`] finds the way
//! out and nothing else, where the rest was decided before; [`block`] knows many hosts by one line;
//! [`uncached`] decides everything.

#![expect(unsafe_code, reason = "tail calls")]

mod apply;
pub mod block;
pub mod both;
pub mod inward;
pub mod outward;
pub mod uncached;
pub mod way;

use core::{arch::asm, hint::cold_path};

use aya_ebpf::{bindings::xdp_action, programs::XdpContext};
use isatap_common::{
    abi::{Direction, Layer, Uncached},
    path::{Reason, Verdict, express},
};

use crate::{cache::Cache, count::count, maps::UNCACHED, trace::trace, window::Words};

/// Whether a frame is of the kind, and for the NIC: one for somebody else is the kernel's, uncounted like all that is
/// not the tunnel's. The programs that others go on in do not ask again.
#[inline(always)]
fn is_ours(ctx: &XdpContext, head: Words, ethertype: u16) -> bool {
    let nic = |cache: Cache| cache.nic(ctx.ingress_ifindex() as u32);
    let is_for_us = |cache| express::is_for(&head, nic(cache));
    express::ethertype(&head) == ethertype && Cache::of_this_cpu().is_some_and(is_for_us)
}

/// Goes on in another program, which the daemon has put into the map.
#[inline(always)]
fn leave(ctx: &XdpContext, to: Uncached) -> u32 {
    cold_path();
    // SAFETY: this program owns nothing that would have to be dropped.
    unsafe { UNCACHED.tail_call(ctx, to as u32) };
    pass(to)
}

/// `XDP_PASS`, in words of its own for each program: so the compiler keeps the calls apart, and the
/// kernel makes a jump of each, because it knows where it leads.
#[inline(always)]
fn pass(to: Uncached) -> u32 {
    cold_path();
    let action: u64;
    // SAFETY: the instruction has no other effect than the one that is declared.
    unsafe {
        match to {
            Uncached::In => asm!("{0} = 2 /* in */", out(reg) action),
            Uncached::Out => asm!("{0} = 2 /* out */", out(reg) action),
            Uncached::InAdmitted => asm!("{0} = 2 /* in, admitted */", out(reg) action),
            Uncached::OutUnknown => asm!("{0} = 2 /* out, unknown */", out(reg) action),
            Uncached::InBlock => asm!("{0} = 2 /* in, block */", out(reg) action),
            Uncached::OutBlock => asm!("{0} = 2 /* out, block */", out(reg) action),
            Uncached::Uplink => asm!("{0} = 2 /* uplink */", out(reg) action),
            Uncached::Native => asm!("{0} = 2 /* native */", out(reg) action),
        }
    }
    action as u32
}

/// `XDP_PASS` for what is none of our business, in words of its own: so it is not made before that is known.
#[inline(always)]
fn pass_by() -> u32 {
    cold_path();
    let action: u64;
    // SAFETY: as above.
    unsafe { asm!("{0} = 2 /* by */", out(reg) action) }
    action as u32
}

/// `XDP_ABORTED`, for what never happens, in words of its own: so it is not made before what happens.
#[inline(always)]
fn aborted() -> u32 {
    cold_path();
    let action: u64;
    // SAFETY: as above.
    unsafe { asm!("{0} = 0 /* aborted */", out(reg) action) }
    action as u32
}

const _: () = assert!(xdp_action::XDP_PASS == 2 && xdp_action::XDP_ABORTED == 0);

/// A packet that was sent on.
struct Forwarded {
    action: u32,
    reason: Reason,
    bytes: u32,
}

/// Counts the packet and turns its reason into an action.
#[inline(always)]
fn end(ctx: &XdpContext, direction: Direction, result: Result<Forwarded, Reason>) -> u32 {
    match result {
        Ok(Forwarded {
            action,
            reason,
            bytes,
        }) => {
            count(direction, Layer::Xdp, reason, 1, bytes);
            trace(ctx, direction, Layer::Xdp, reason, bytes);
            action
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
