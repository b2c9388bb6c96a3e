//! A NIC that is on both sides.

use aya_ebpf::{bindings::xdp_action, programs::XdpContext};
use isatap_common::{abi::Uncached, path::express, wire::ethernet};

use super::leave;
use crate::window::Frame;

/// Goes on in the program of the side that the frame is from.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    let Some(head) = Frame(ctx).head(ethernet::LENGTH) else {
        return xdp_action::XDP_PASS;
    };
    match express::ethertype(&head) {
        ethernet::IPV4 => leave(ctx, Uncached::Uplink),
        ethernet::IPV6 => leave(ctx, Uncached::Native),
        _ => xdp_action::XDP_PASS,
    }
}
