//! The only writes to an XDP frame.
#![expect(unsafe_code, reason = "packet memory is reached through raw pointers")]

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
        address(data.add(ipv4::LENGTH), next_hop, ethernet::IPV6);
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
    unsafe { store(head.start().add(INNER_AT), &first_word) }
}

/// Makes room for the outer header.
#[inline(always)]
pub fn room(ctx: &XdpContext) -> Result<(), Reason> {
    adjust_head(ctx, -(ipv4::LENGTH as i32))
}

/// Stores an outer header into the room in front of the packet, and addresses it, one hop further.
#[inline(always)]
pub fn push(head: Words, next_hop: &NextHop, outer: &[u8; ipv4::LENGTH]) {
    let data = head.start();
    // SAFETY: as above.
    unsafe {
        address(data, next_hop, ethernet::IPV4);
        store(data.add(ethernet::LENGTH), outer);
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

/// The same with a frame that nothing was done to yet: another action where it cannot be sent there.
#[inline(always)]
pub fn redirect_or_pass(egress: u32) -> u32 {
    let links = (&raw const LINKS).cast_mut().cast();
    // SAFETY: as above.
    unsafe { bpf_redirect_map(links, u64::from(egress), u64::from(xdp_action::XDP_PASS)) as u32 }
}

/// Stores a link-layer header.
///
/// # Safety
///
/// Its octets from `to` are inside the frame.
#[inline(always)]
unsafe fn address(to: *mut u8, next_hop: &NextHop, ethertype: u16) {
    // SAFETY: the caller's promise; BPF stores need no alignment.
    unsafe {
        // Eight octets and four: a load and a store less than by words.
        let macs = &raw const next_hop.macs;
        to.cast::<u64>().write(macs.cast::<u64>().read());
        to.add(8).cast::<u32>().write(next_hop.macs[2]);
        to.add(12).cast::<u16>().write(ethertype.to_be());
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
