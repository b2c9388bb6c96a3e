//! The only writes to an XDP frame.
#![expect(unsafe_code, reason = "packet memory is reached through raw pointers")]

use aya_ebpf::{helpers::generated::bpf_xdp_adjust_head, programs::XdpContext};
use isatap_common::{
    path::{
        Reason,
        rewrite::{Push, Strip},
    },
    wire::{ethernet, ipv4, ipv6},
};

/// Removes the outer header and puts `header` in front of the inner packet.
#[inline(always)]
pub fn strip(
    ctx: &XdpContext,
    header: &[u8; ethernet::LENGTH],
    strip: Strip,
    hop_limit: u8,
) -> Result<(), Reason> {
    let inner_at = ethernet::LENGTH + ipv4::LENGTH;
    let data = writable(ctx, inner_at + ipv6::LENGTH)?;
    // SAFETY: `writable` has checked that the frame reaches as far as the inner header.
    unsafe {
        store(data.add(ipv4::LENGTH), header);
        store(data.add(inner_at), &strip.first_word);
        data.add(inner_at + ipv6::HOP_LIMIT_AT).write(hop_limit);
    }
    adjust_head(ctx, ipv4::LENGTH as i32)
}

/// Puts the outer header behind a new `header` in front of the packet.
#[inline(always)]
pub fn push(
    ctx: &XdpContext,
    header: &[u8; ethernet::LENGTH],
    push: &Push,
    hop_limit: u8,
) -> Result<(), Reason> {
    adjust_head(ctx, -(ipv4::LENGTH as i32))?;
    let inner_at = ethernet::LENGTH + ipv4::LENGTH;
    let data = writable(ctx, inner_at + ipv6::LENGTH)?;
    // SAFETY: as above.
    unsafe {
        store(data, header);
        store(data.add(ethernet::LENGTH), &push.outer);
        data.add(inner_at + ipv6::HOP_LIMIT_AT).write(hop_limit);
    }
    Ok(())
}

#[inline(always)]
fn writable(ctx: &XdpContext, length: usize) -> Result<*mut u8, Reason> {
    let data = ctx.data();
    if data + length > ctx.data_end() {
        return Err(Reason::Failed);
    }
    Ok(data as *mut u8)
}

#[inline(always)]
fn adjust_head(ctx: &XdpContext, by: i32) -> Result<(), Reason> {
    // SAFETY: the context is the one that the kernel handed to the program.
    if unsafe { bpf_xdp_adjust_head(ctx.ctx, by) } == 0 {
        Ok(())
    } else {
        Err(Reason::Failed)
    }
}

/// Stores octets two at a time, the widest unit that every header here is a multiple of.
///
/// # Safety
///
/// `N` octets from `to` are inside the frame.
#[inline(always)]
unsafe fn store<const N: usize>(to: *mut u8, octets: &[u8; N]) {
    let mut done = 0;
    while done + 2 <= N {
        let word = u16::from_ne_bytes([octets[done], octets[done + 1]]);
        // SAFETY: the caller's promise; BPF stores need no alignment.
        unsafe { to.add(done).cast::<u16>().write(word) };
        done += 2;
    }
}
