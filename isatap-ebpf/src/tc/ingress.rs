//! Protocol 41 into the ISATAP device.
#![expect(
    unsafe_code,
    reason = "context fields are reached through raw pointers"
)]

use aya_ebpf::{EbpfContext as _, bindings::__sk_buff, programs::TcContext};
use isatap_common::{
    abi::{Direction, Switches},
    octets::Octets as _,
    path::{self, Reason, Site as _},
    wire::{ethernet, ipv4, ipv6},
};

use super::{Forwarded, apply, end};
use crate::{cache::Line, site::Maps, window::Buffer};

/// Octets that a decision may read: both headers and the ICMPv6 type.
const HEADERS: usize = ethernet::LENGTH + ipv4::LENGTH + ipv6::LENGTH + 1;

/// Decides on one packet.
#[inline(always)]
pub fn run(ctx: &TcContext) -> i32 {
    end(Direction::In, deliver(ctx))
}

#[inline(always)]
fn deliver(ctx: &TcContext) -> Result<Forwarded, Reason> {
    let site = Maps::new().ok_or(Reason::NotOurs)?;
    let buffer = Buffer(ctx);
    let header = buffer
        .read::<{ ethernet::LENGTH }>(0)
        .ok_or(Reason::NotOurs)?;
    if ethernet::ethertype(&header) != ethernet::IPV4 {
        return Err(Reason::NotOurs);
    }
    buffer.pull(HEADERS);
    // SAFETY: the context is the one that the kernel handed to the program.
    let ifindex = unsafe { (*ctx.as_ptr().cast::<__sk_buff>()).ifindex };
    let (packet, admitted, strip) = path::decapsulate(&buffer, ethernet::LENGTH, ifindex, &site)?;
    let segments = buffer.segments();
    let config = site.config();
    if admitted.from_host
        && let Some(slot) = site.locator(ifindex, packet.outer.destination)
        && let Some(source) = Line::of(packet.inner.source)
    {
        source.fill_source(config, packet.outer.source, slot);
        source.heard(segments, strip.length);
    }
    apply::strip(ctx, strip, config.switches().has(Switches::DECAP_L3))?;
    let action = apply::deliver(config.device);
    Ok(Forwarded {
        action,
        reason: Reason::Delivered,
        packets: segments,
        bytes: strip.length,
    })
}
