//! The only writes to a socket buffer.
#![expect(unsafe_code, reason = "the helpers take the raw context")]

use aya_ebpf::{
    EbpfContext as _,
    bindings::{
        __sk_buff, BPF_F_ADJ_ROOM_DECAP_L3_IPV6, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4,
        BPF_F_ADJ_ROOM_FIXED_GSO, BPF_F_INGRESS, bpf_adj_room_mode::BPF_ADJ_ROOM_MAC,
    },
    helpers::generated::{
        bpf_redirect, bpf_redirect_neigh, bpf_skb_change_head, bpf_skb_change_proto,
    },
    programs::TcContext,
};
use isatap_common::{
    octets::Octets as _,
    path::{Reason, rewrite::Strip},
    wire::{ethernet, ipv4, ipv6},
};

use crate::window::Buffer;

/// Removes the outer header; the Ethernet header stays in front.
#[inline(always)]
pub fn strip(ctx: &TcContext, strip: Strip, decap_l3: bool) -> Result<(), Reason> {
    if decap_l3 {
        strip_by_flag(ctx, strip)
    } else {
        strip_by_protocol(ctx, strip)
    }
}

#[inline(always)]
fn strip_by_flag(ctx: &TcContext, strip: Strip) -> Result<(), Reason> {
    let flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_DECAP_L3_IPV6;
    adjust_room(ctx, -(ipv4::LENGTH as i32), flags)?;
    if !strip.is_marked {
        return Ok(());
    }
    store(ctx, ethernet::LENGTH, &strip.first_word)
}

/// Without the flag the kernel goes on to call the packet IPv4. So room for one more IPv4 header
/// is cut out of the inner header, and the change from IPv4 to IPv6, which makes that much
/// room, puts it back.
#[inline(always)]
fn strip_by_protocol(ctx: &TcContext, strip: Strip) -> Result<(), Reason> {
    let mut inner = Buffer(ctx)
        .read::<{ ipv6::LENGTH }>(ethernet::LENGTH + ipv4::LENGTH)
        .ok_or(Reason::Failed)?;
    inner[..4].copy_from_slice(&strip.first_word);
    adjust_room(ctx, -2 * ipv4::LENGTH as i32, BPF_F_ADJ_ROOM_FIXED_GSO)?;
    // SAFETY: the context is the one that the kernel handed to the program.
    let changed = unsafe { bpf_skb_change_proto(raw(ctx), ethernet::IPV6.to_be(), 0) };
    if changed != 0 {
        return Err(Reason::Failed);
    }
    store(ctx, ethernet::LENGTH, &inner)
}

/// Puts the outer header and then `header` in front of a packet that has no link-layer header.
#[inline(always)]
pub fn push(
    ctx: &TcContext,
    outer: &[u8; ipv4::LENGTH],
    header: &[u8; ethernet::LENGTH],
) -> Result<(), Reason> {
    make_room(ctx)?;
    let mut both = [0; ethernet::LENGTH + ipv4::LENGTH];
    both[..ethernet::LENGTH].copy_from_slice(header);
    both[ethernet::LENGTH..].copy_from_slice(outer);
    store(ctx, 0, &both)
}

/// The same for a packet whose link-layer addresses the kernel will fill in.
#[inline(always)]
pub fn push_unaddressed(ctx: &TcContext, outer: &[u8; ipv4::LENGTH]) -> Result<(), Reason> {
    make_room(ctx)?;
    let mut both = [0; 2 + ipv4::LENGTH];
    both[..2].copy_from_slice(&ethernet::IPV4.to_be_bytes());
    both[2..].copy_from_slice(outer);
    store(ctx, ethernet::LENGTH - 2, &both)
}

/// Makes room for both headers. The kernel has zeroed that of the link layer.
#[inline(always)]
fn make_room(ctx: &TcContext) -> Result<(), Reason> {
    let flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4;
    adjust_room(ctx, ipv4::LENGTH as i32, flags)?;
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

#[inline(always)]
fn adjust_room(ctx: &TcContext, by: i32, flags: u32) -> Result<(), Reason> {
    ctx.adjust_room(by, BPF_ADJ_ROOM_MAC, u64::from(flags))
        .map_err(|_| Reason::Failed)
}

#[inline(always)]
fn store<const N: usize>(ctx: &TcContext, at: usize, octets: &[u8; N]) -> Result<(), Reason> {
    ctx.store(at, octets, 0).map_err(|_| Reason::Failed)
}

#[inline(always)]
fn raw(ctx: &TcContext) -> *mut __sk_buff {
    ctx.as_ptr().cast()
}
