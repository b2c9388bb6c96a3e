//! The only writes to an XDP frame.
#![expect(unsafe_code, reason = "packet memory is reached through raw pointers")]

use aya_ebpf::{
    bindings::xdp_action,
    helpers::generated::{bpf_redirect_map, bpf_xdp_adjust_head},
    programs::XdpContext,
};
use isatap_common::{
    path::{
        Reason,
        rewrite::{Push, Strip},
    },
    wire::{ethernet, ipv4, ipv6},
};

use crate::maps::LINKS;

/// Removes the outer header and puts one of `macs` in front of the inner packet.
#[inline(always)]
pub fn strip(ctx: &XdpContext, macs: [u8; 12], strip: Strip, hop_limit: u8) -> Result<(), Reason> {
    let inner_at = ethernet::LENGTH + ipv4::LENGTH;
    let data = writable(ctx, inner_at + ipv6::LENGTH)?;
    // SAFETY: `writable` has checked that the frame reaches as far as the inner header.
    unsafe {
        address(data.add(ipv4::LENGTH), macs, ethernet::IPV6);
        if strip.is_marked {
            store(data.add(inner_at), &strip.first_word);
        }
        data.add(inner_at + ipv6::HOP_LIMIT_AT).write(hop_limit);
    }
    adjust_head(ctx, ipv4::LENGTH as i32)
}

/// Puts the outer header, and one of `macs` before it, in front of the packet.
#[inline(always)]
pub fn push(ctx: &XdpContext, macs: [u8; 12], push: &Push, hop_limit: u8) -> Result<(), Reason> {
    adjust_head(ctx, -(ipv4::LENGTH as i32))?;
    let inner_at = ethernet::LENGTH + ipv4::LENGTH;
    let data = writable(ctx, inner_at + ipv6::LENGTH)?;
    // SAFETY: as above.
    unsafe {
        address(data, macs, ethernet::IPV4);
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

/// Sends the frame out of `egress`.
#[inline(always)]
pub fn redirect(egress: u32) -> Result<u32, Reason> {
    let links = (&raw const LINKS).cast_mut().cast();
    // SAFETY: the first argument is a map. aya's own function takes an absolute value in between.
    let action = unsafe { bpf_redirect_map(links, u64::from(egress), 0) };
    if action == i64::from(xdp_action::XDP_REDIRECT) {
        Ok(xdp_action::XDP_REDIRECT)
    } else {
        Err(Reason::Failed)
    }
}

/// Stores a link-layer header.
///
/// # Safety
///
/// Its octets from `to` are inside the frame.
#[inline(always)]
unsafe fn address(to: *mut u8, macs: [u8; 12], ethertype: u16) {
    // SAFETY: the caller's promise; BPF stores need no alignment.
    unsafe {
        store(to, &macs);
        to.add(macs.len()).cast::<u16>().write(ethertype.to_be());
    }
}

/// Stores octets four at a time, a unit that every header of IP is a multiple of.
///
/// # Safety
///
/// `N` octets from `to` are inside the frame.
#[inline(always)]
unsafe fn store<const N: usize>(to: *mut u8, octets: &[u8; N]) {
    let mut done = 0;
    const { assert!(N.is_multiple_of(4), "not a whole number of words") };
    while done + 4 <= N {
        let word = u32::from_ne_bytes([
            octets[done],
            octets[done + 1],
            octets[done + 2],
            octets[done + 3],
        ]);
        // SAFETY: as above.
        unsafe { to.add(done).cast::<u32>().write(word) };
        done += 4;
    }
}
