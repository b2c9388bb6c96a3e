//! The only writes to a socket buffer.
#![expect(
    unsafe_code,
    reason = "the helpers take the raw context; packet memory is reached by pointer"
)]

use core::ffi::c_long;

use aya_ebpf::{
    EbpfContext as _,
    bindings::{
        __sk_buff, BPF_F_ADJ_ROOM_DECAP_L3_IPV4, BPF_F_ADJ_ROOM_DECAP_L3_IPV6,
        BPF_F_ADJ_ROOM_ENCAP_L3_IPV4, BPF_F_ADJ_ROOM_FIXED_GSO, BPF_F_ADJ_ROOM_NO_CSUM_RESET,
        BPF_F_INGRESS, BPF_F_RECOMPUTE_CSUM, bpf_adj_room_mode::BPF_ADJ_ROOM_MAC,
    },
    helpers::generated::{
        bpf_csum_update, bpf_redirect, bpf_redirect_neigh, bpf_skb_change_head,
        bpf_skb_change_proto,
    },
    programs::TcContext,
};
use isatap_common::{
    abi::{NextHop, Switches},
    path::{Reason, Site as _, rewrite::Strip},
    wire::{ethernet, ipv4, ipv6},
};

use crate::site::Maps;

/// What the kernel answers who would make a tunnel's packet one.
const EALREADY: c_long = -114;

/// Removes the outer header; the Ethernet header stays in front.
#[inline(always)]
pub fn strip(ctx: &TcContext, strip: Strip, decap_l3: bool) -> Result<(), Reason> {
    if decap_l3 {
        let flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_DECAP_L3_IPV6;
        adjust_room(ctx, -(ipv4::LENGTH as i32), flags)?;
    } else {
        strip_by_protocol(ctx)?;
    }
    if !strip.is_marked {
        return Ok(());
    }
    ctx.store(
        ethernet::LENGTH,
        &strip.first_word,
        u64::from(BPF_F_RECOMPUTE_CSUM),
    )
    .map_err(|_| Reason::Failed)
}

/// Without the flag the kernel goes on to call the packet IPv4. Changing it from IPv4 to IPv6 makes
/// room for the difference of their headers, which then goes with the outer one.
#[inline(always)]
fn strip_by_protocol(ctx: &TcContext) -> Result<(), Reason> {
    const ROOM: usize = ipv6::LENGTH - ipv4::LENGTH;
    // SAFETY: the context is the one that the kernel handed to the program.
    let changed = unsafe { bpf_skb_change_proto(raw(ctx), ethernet::IPV6.to_be(), 0) };
    if changed != 0 {
        return Err(Reason::Failed);
    }
    let both = -((ROOM + ipv4::LENGTH) as i32);
    adjust_room(ctx, both, BPF_F_ADJ_ROOM_FIXED_GSO)
}

/// Sends the packet one hop on: takes one off the hop limit of the IPv6 header at `inner_at`, and
/// writes the link-layer header of the way out. Making or taking room leaves that in front.
#[inline(always)]
pub fn hop(
    ctx: &TcContext,
    inner_at: usize,
    hop_limit: u8,
    next_hop: &NextHop,
    ethertype: u16,
) -> Result<(), Reason> {
    let data = writable(ctx, inner_at + ipv6::LENGTH)?;
    // SAFETY: `writable` has checked that the packet reaches as far as the IPv6 header.
    unsafe {
        let [first, second, third] = next_hop.macs;
        data.cast::<u32>().write(first);
        data.add(4).cast::<u32>().write(second);
        data.add(8).cast::<u32>().write(third);
        data.add(12).cast::<u16>().write(ethertype.to_be());
        data.add(inner_at + ipv6::HOP_LIMIT_AT)
            .write(hop_limit.wrapping_sub(1));
        // A NIC may have summed the packet, and a receiver behind a virtual NIC relies on that. The
        // sum is one of 16-bit words in network order, and the hop limit the low half of one.
        // Where there is no sum the helper refuses, which is as good.
        let _ = bpf_csum_update(raw(ctx), !u32::from(1_u16.to_be()));
    }
    Ok(())
}

/// Puts the outer header between the link-layer header and the packet.
#[inline(always)]
pub fn push_between(ctx: &TcContext, outer: &[u8; ipv4::LENGTH]) -> Result<(), Reason> {
    become_outer(ctx)?;
    let data = writable(ctx, ethernet::LENGTH + ipv4::LENGTH)?;
    // A header with the right checksum adds nothing to the sum of a packet.
    // SAFETY: `writable` has checked that the packet reaches as far.
    unsafe { put(data.add(ethernet::LENGTH), outer) };
    Ok(())
}

/// Puts the outer header and then `header` in front of a packet that has no link-layer header.
#[inline(always)]
pub fn push(
    ctx: &TcContext,
    outer: &[u8; ipv4::LENGTH],
    header: &[u8; ethernet::LENGTH],
) -> Result<(), Reason> {
    become_outer(ctx)?;
    make_head(ctx)?;
    let mut both = [0; ethernet::LENGTH + ipv4::LENGTH];
    both[..ethernet::LENGTH].copy_from_slice(header);
    both[ethernet::LENGTH..].copy_from_slice(outer);
    store(ctx, 0, &both)
}

/// The same for a packet whose link-layer addresses the kernel will fill in.
#[inline(always)]
pub fn push_unaddressed(ctx: &TcContext, outer: &[u8; ipv4::LENGTH]) -> Result<(), Reason> {
    become_outer(ctx)?;
    make_head(ctx)?;
    let mut both = [0; 2 + ipv4::LENGTH];
    both[..2].copy_from_slice(&ethernet::IPV4.to_be_bytes());
    both[2..].copy_from_slice(outer);
    store(ctx, ethernet::LENGTH - 2, &both)
}

/// Makes room for the outer header, and has the kernel call the packet IPv4 and note where the inner
/// headers are, for whoever cuts it. Where that fails for the packet's past it is as it was.
#[inline(always)]
fn become_outer(ctx: &TcContext) -> Result<(), Reason> {
    let flags =
        BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_NO_CSUM_RESET;
    match ctx.adjust_room(ipv4::LENGTH as i32, BPF_ADJ_ROOM_MAC, u64::from(flags)) {
        Ok(()) => Ok(()),
        Err(EALREADY) => become_outer_again(ctx.skb.skb),
        Err(_) => Err(Reason::Failed),
    }
}

/// The kernel goes on to call a tunnel's what came out of one. Its notes hold, because the inner headers
/// are where they were; only the name is another. Taking away room by flag gives that, so there is more room
/// first than is wanted.
#[inline(never)]
fn become_outer_again(ctx: *mut __sk_buff) -> Result<(), Reason> {
    const SPARE: i32 = 4;
    let ctx = &TcContext::new(ctx);
    let has_flag = Maps::new().is_some_and(|site| site.config().switches().has(Switches::DECAP_L3));
    if !has_flag {
        return Err(Reason::Tunnelled);
    }
    adjust_room(ctx, ipv4::LENGTH as i32 + SPARE, BPF_F_ADJ_ROOM_FIXED_GSO)?;
    let flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_DECAP_L3_IPV4;
    adjust_room(ctx, -SPARE, flags)
}

/// Makes room for a link-layer header, which is zero.
#[inline(always)]
fn make_head(ctx: &TcContext) -> Result<(), Reason> {
    // SAFETY: the context is the one that the kernel handed to the program.
    if unsafe { bpf_skb_change_head(raw(ctx), ethernet::LENGTH as u32, 0) } != 0 {
        return Err(Reason::Failed);
    }
    Ok(())
}

/// Hands the packet to the stack as received on `device`.
#[inline(always)]
pub fn deliver(device: u32) -> i32 {
    // SAFETY: the helper takes numbers.
    unsafe { bpf_redirect(device, u64::from(BPF_F_INGRESS)) as i32 }
}

/// Sends the packet, whose link-layer header is complete, out of `egress`.
#[inline(always)]
pub fn redirect(egress: u32) -> i32 {
    // SAFETY: the helper takes numbers.
    unsafe { bpf_redirect(egress, 0) as i32 }
}

/// Sends the packet out of `egress` and lets the kernel fill in the link-layer addresses.
#[inline(always)]
pub fn redirect_neighbor(egress: u32) -> i32 {
    // SAFETY: without parameters the kernel looks the next hop up.
    unsafe { bpf_redirect_neigh(egress, core::ptr::null_mut(), 0, 0) as i32 }
}

/// No header that comes or goes here has a checksum that a NIC could have found right, so what it found
/// of the others stays true.
#[inline(always)]
fn adjust_room(ctx: &TcContext, by: i32, flags: u32) -> Result<(), Reason> {
    let flags = flags | BPF_F_ADJ_ROOM_NO_CSUM_RESET;
    ctx.adjust_room(by, BPF_ADJ_ROOM_MAC, u64::from(flags))
        .map_err(|_| Reason::Failed)
}

#[inline(always)]
fn store<const N: usize>(ctx: &TcContext, at: usize, octets: &[u8; N]) -> Result<(), Reason> {
    ctx.store(at, octets, 0).map_err(|_| Reason::Failed)
}

/// The packet from its first octet on, if `length` octets can be written there.
#[inline(always)]
fn writable(ctx: &TcContext, length: usize) -> Result<*mut u8, Reason> {
    let data = ctx.data();
    if data + length > ctx.data_end() {
        return Err(Reason::Failed);
    }
    Ok(data as *mut u8)
}

/// Stores octets four at a time, a unit that every header of IP is a multiple of.
///
/// # Safety
///
/// `N` octets from `to` are inside the packet, and writable.
#[inline(always)]
unsafe fn put<const N: usize>(to: *mut u8, octets: &[u8; N]) {
    const { assert!(N.is_multiple_of(4), "not a whole number of words") };
    let mut done = 0;
    while done + 4 <= N {
        let word = u32::from_ne_bytes([
            octets[done],
            octets[done + 1],
            octets[done + 2],
            octets[done + 3],
        ]);
        // SAFETY: the caller's promise; BPF stores need no alignment.
        unsafe { to.add(done).cast::<u32>().write(word) };
        done += 4;
    }
}

#[inline(always)]
fn raw(ctx: &TcContext) -> *mut __sk_buff {
    ctx.as_ptr().cast()
}
