//! The only writes to an XDP frame.
#![expect(unsafe_code, reason = "packet memory is reached through raw pointers")]

use core::arch::asm;

use aya_ebpf::{
    bindings::xdp_action,
    helpers::generated::{bpf_redirect_map, bpf_xdp_adjust_head},
    programs::XdpContext,
};
use isatap_common::{
    abi::NextHop,
    octets::Head as _,
    path::Reason,
    wire::{ethernet, ipv4, ipv6},
};

use crate::{maps::LINKS, window::Words};

/// Where the inner header is in a frame of protocol 41.
const INNER_AT: usize = ethernet::LENGTH + ipv4::LENGTH;

/// Takes the outer header off a frame and addresses the inner packet, one hop further.
#[inline(always)]
pub fn strip(ctx: &XdpContext, head: Words, next_hop: &NextHop) -> Result<(), Reason> {
    let data = head.start();
    // SAFETY: whoever made the head has checked that the frame has it.
    unsafe {
        let inner = data.add(ipv4::LENGTH);
        address(inner, next_hop);
        put(inner, ethernet::LENGTH - 2, ethernet::IPV6.to_be());
        pass_on(
            data.add(INNER_AT),
            head.octet(INNER_AT + ipv6::HOP_LIMIT_AT),
        );
    }
    adjust_head(ctx, ipv4::LENGTH as i32)
}

/// Stores other first octets into the inner packet.
#[inline(always)]
pub fn mark(head: Words, first_word: [u8; 4]) {
    // SAFETY: as above.
    unsafe { put(head.start(), INNER_AT, u32::from_ne_bytes(first_word)) }
}

/// Makes room for the outer header.
#[inline(always)]
pub fn room(ctx: &XdpContext) -> Result<(), Reason> {
    adjust_head(ctx, -(ipv4::LENGTH as i32))
}

/// Stores an outer header into the room in front of the packet, and addresses it, one hop further.
#[inline(always)]
pub fn push(head: Words, next_hop: &NextHop, outer: &ipv4::Sealed) {
    let (data, words) = (head.start(), outer.words());
    // SAFETY: as above.
    unsafe {
        put(data, 26, words.ends);
        address(data, next_hop);
        put(data, 12, words.first);
        put(data, 16, words.second);
        put(data, 20, words.third);
        put(data, 24, words.checksum);
        pass_on(
            data.add(INNER_AT),
            head.octet(INNER_AT + ipv6::HOP_LIMIT_AT),
        );
    }
}

/// Takes one from the hop limit of the packet at `inner`.
///
/// # Safety
///
/// Its header is inside the frame.
#[inline(always)]
unsafe fn pass_on(inner: *mut u8, hop_limit: u8) {
    // SAFETY: the caller's promise.
    unsafe {
        inner
            .add(ipv6::HOP_LIMIT_AT)
            .write(hop_limit.wrapping_sub(1))
    }
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

/// Sends the frame out of `egress`, to which a line of the cache leads. `LINKS` has lost it only
/// where the daemon took it away since that line was read; then the frame is lost, which the kernel
/// traces (`xdp_exception`).
#[inline(always)]
pub fn redirect(egress: u32) -> u32 {
    let links = (&raw const LINKS).cast_mut().cast();
    // SAFETY: the first argument is a map. aya's own function compares what comes back.
    unsafe { bpf_redirect_map(links, u64::from(egress), u64::from(xdp_action::XDP_ABORTED)) as u32 }
}

/// The same in words of its own: the compiler would have two branches end in one, for a jump more.
#[inline(always)]
pub fn redirect_apart(egress: u32) -> u32 {
    let links = (&raw const LINKS).cast_mut().cast();
    let flags: u64;
    // SAFETY: the instruction has no other effect than the one that is declared; the rest as above.
    unsafe {
        asm!("{0} = 0 /* aborted, apart */", out(reg) flags);
        bpf_redirect_map(links, u64::from(egress), flags) as u32
    }
}

/// The same with a frame that nothing was done to yet: another action where it cannot be sent there.
#[inline(always)]
pub fn redirect_or_pass(egress: u32) -> u32 {
    let links = (&raw const LINKS).cast_mut().cast();
    // SAFETY: as above.
    unsafe { bpf_redirect_map(links, u64::from(egress), u64::from(xdp_action::XDP_PASS)) as u32 }
}

/// Stores both addresses of a link-layer header.
///
/// # Safety
///
/// Its octets from `to` are inside the frame.
#[inline(always)]
unsafe fn address(to: *mut u8, next_hop: &NextHop) {
    // SAFETY: the caller's promise.
    unsafe {
        // Eight octets and four: a load and a store less than by words.
        let macs = &raw const next_hop.macs;
        put(to, 0, macs.cast::<u64>().read());
        put(to, 8, next_hop.macs[2]);
    }
}

/// Stores a number.
///
/// # Safety
///
/// Its octets, `at` behind `to`, are inside the frame. BPF stores need no alignment.
#[inline(always)]
unsafe fn put<W>(to: *mut u8, at: usize, number: W) {
    // SAFETY: the caller's promise.
    unsafe { to.add(at).cast::<W>().write(number) }
}
