//! Protocol 41 into the ISATAP device.
#![expect(
    unsafe_code,
    reason = "context fields are reached through raw pointers"
)]

use aya_ebpf::{EbpfContext as _, bindings::__sk_buff, programs::TcContext};
use isatap_common::{
    abi::{Direction, Switches},
    octets::Octets as _,
    path::{
        self, Reason, Site,
        admit::Scope,
        parse::{self, Inbound},
        rewrite::{self, Strip},
    },
    wire::{ethernet, ipv4, ipv6},
};

use super::{Forwarded, apply, end};
use crate::{cache::Line, site::Maps, window::Buffer};

/// Octets that a decision may read: both headers and the ICMPv6 type.
const HEADERS: usize = INNER_AT + ipv6::LENGTH + 1;
/// Where the inner header starts if the outer one has no options.
const INNER_AT: usize = ethernet::LENGTH + ipv4::LENGTH;

/// Decides on one packet.
#[inline(always)]
pub fn run(ctx: &TcContext) -> i32 {
    end(ctx, Direction::In, deliver(ctx))
}

#[inline(always)]
fn deliver(ctx: &TcContext) -> Result<Forwarded, Reason> {
    let site = Maps::new().ok_or(Reason::NotOurs)?;
    let buffer = Buffer(ctx);
    let header = buffer
        .read::<{ ethernet::LENGTH }>(0)
        .ok_or(Reason::NotOurs)?;
    // A tag, which the kernel has taken out of the frame, names another interface than this one.
    if ethernet::ethertype(&header) != ethernet::IPV4 || buffer.is_tagged() {
        return Err(Reason::NotOurs);
    }
    buffer.pull(HEADERS);
    // SAFETY: the context is the one that the kernel handed to the program.
    let ifindex = unsafe { (*ctx.as_ptr().cast::<__sk_buff>()).ifindex };
    let segments = buffer.segments();
    let config = site.config();
    let strip = match cached(&buffer, ifindex, segments, &site) {
        Some(strip) => strip,
        None => admitted(&buffer, ifindex, segments, &site)?,
    };
    apply::strip(ctx, strip, config.switches().has(Switches::DECAP_L3))?;
    let action = apply::deliver(config.device);
    Ok(Forwarded {
        action,
        reason: Reason::Delivered,
        packets: segments,
        bytes: strip.length,
    })
}

/// The common case: the source has been admitted and the destination can be no trap. `None` where
/// anything is out of the ordinary.
#[inline(always)]
fn cached(buffer: &Buffer<'_>, ifindex: u32, segments: u32, site: &Maps<'_>) -> Option<Strip> {
    let outer = parse::outer(buffer, ethernet::LENGTH).ok()?;
    parse::is_plain(&outer).ok()?;
    let packet = parse::inner(buffer, INNER_AT, outer).ok()?;
    let source = Line::of(packet.inner.source)?;
    if !is_ordinary(&packet, site) || !source.admits(&outer, ifindex, site) {
        return None;
    }
    let strip = rewrite::strip(&packet).ok()?;
    source.heard(segments, strip.length);
    Some(strip)
}

/// Nothing that a check of this packet alone would refuse: to a native address, or to one of ours.
#[inline(always)]
fn is_ordinary(packet: &Inbound, site: &Maps<'_>) -> bool {
    let (inner, destination) = (&packet.inner, packet.inner.destination);
    let plain = !inner.source.is_link_local()
        && !destination.is_link_local()
        && !destination.is_multicast()
        && destination.six_to_four().is_none()
        && !matches!(packet.icmp_type, Some(133..=137))
        && !matches!(inner.next_header, ipv6::NEXT_IPV4 | ipv6::NEXT_IPV6);
    plain
        && match destination.embedded() {
            None => true,
            Some(ipv4) => ipv4 == packet.outer.destination && site.is_on_link(destination),
        }
}

/// The whole decision, and what it found into the cache.
#[inline(always)]
fn admitted(
    buffer: &Buffer<'_>,
    ifindex: u32,
    segments: u32,
    site: &Maps<'_>,
) -> Result<Strip, Reason> {
    let (packet, admitted, strip) = path::decapsulate(buffer, ethernet::LENGTH, ifindex, site)?;
    if admitted.from_host
        && admitted.scope != Scope::Link
        && let Some(slot) = site.locator(ifindex, packet.outer.destination)
        && let Some(source) = Line::of(packet.inner.source)
    {
        source.fill_source(site.config(), packet.outer.source, slot);
        source.heard(segments, strip.length);
    }
    Ok(strip)
}
