//! NIC to NIC, for NICs without XDP. Whatever is not the common case goes on to the next program
//! and the stack, untouched.
//!
//! The decisions are those of XDP. The difference is what a packet is: the kernel has gathered
//! segments to one buffer, and cuts it again behind the way out.

mod inward;
mod outward;

use aya_ebpf::{bindings::TC_ACT_UNSPEC, programs::TcContext};
use isatap_common::wire::ethernet;

use super::skb;
use crate::site::Maps;

/// As the kernel keeps them.
const IPV4: u32 = ethernet::IPV4.to_be() as u32;
const IPV6: u32 = ethernet::IPV6.to_be() as u32;

/// Decides on one packet.
#[inline(always)]
pub fn run(ctx: &TcContext) -> i32 {
    let Some(site) = Maps::new() else {
        return TC_ACT_UNSPEC;
    };
    if !skb::is_for_this_nic(ctx) {
        return TC_ACT_UNSPEC;
    }
    match skb::protocol(ctx) {
        IPV4 => inward::run(ctx, site),
        IPV6 => outward::run(ctx, site),
        _ => TC_ACT_UNSPEC,
    }
}
