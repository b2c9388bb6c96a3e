//! Asks the kernel what it can do; run on a made-up packet, never attached.

use aya_ebpf::{
    bindings::{
        BPF_F_ADJ_ROOM_DECAP_L3_IPV6, BPF_F_ADJ_ROOM_FIXED_GSO, bpf_adj_room_mode::BPF_ADJ_ROOM_MAC,
    },
    programs::TcContext,
};
use isatap_common::wire::ipv4;

/// Returns 1 if an outer header can be taken off by flag.
#[inline(always)]
pub fn run(ctx: &TcContext) -> i32 {
    let flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_DECAP_L3_IPV6;
    let taken = ctx.adjust_room(-(ipv4::LENGTH as i32), BPF_ADJ_ROOM_MAC, u64::from(flags));
    i32::from(taken.is_ok())
}
