//! Protocol 41 into the ISATAP device.

use aya_ebpf::{
    bindings::{__sk_buff, TC_ACT_UNSPEC},
    programs::TcContext,
};
use isatap_common::{
    abi::{Direction, Layer, Switches, Traffic},
    octets::Octets as _,
    path::{
        self, Reason, Site,
        admit::{Scope, Voucher},
        parse::{self, Inbound},
        rewrite::{self, Strip},
    },
    wire::{ethernet, ipv4, ipv6},
};

use super::{Forwarded, apply, end, skb};
use crate::{
    cache::{Cache, peer},
    count::Tally,
    site::Maps,
    window::Buffer,
};

/// ICMPv6 type of a Router Solicitation.
const ROUTER_SOLICITATION: u8 = 133;
/// Octets that a decision may read: both headers and the ICMPv6 type.
const HEADERS: usize = INNER_AT + ipv6::LENGTH + 1;
/// Where the inner header starts if the outer one has no options.
const INNER_AT: usize = ethernet::LENGTH + ipv4::LENGTH;

/// Decides on one packet.
#[inline(always)]
pub fn run(ctx: &TcContext) -> i32 {
    let buffer = Buffer(ctx);
    let (Some(site), Some(header)) = (Maps::new(), buffer.read::<{ ethernet::LENGTH }>(0)) else {
        return TC_ACT_UNSPEC;
    };
    if ethernet::ethertype(&header) != ethernet::IPV4 || !skb::is_for_this_nic(ctx) {
        return TC_ACT_UNSPEC;
    }
    buffer.pull(HEADERS);
    match cached(&buffer, &site) {
        Some(strip) => end(ctx, Direction::In, deliver(ctx, strip, &site)),
        None => uncached(ctx.skb.skb),
    }
}

/// The uncommon case: a function of its own, so that the common one has the registers to itself.
#[inline(never)]
fn uncached(ctx: *mut __sk_buff) -> i32 {
    let ctx = TcContext::new(ctx);
    let Some(site) = Maps::new() else {
        return TC_ACT_UNSPEC;
    };
    let admitted = admitted(&Buffer(&ctx), &site);
    let result = admitted.and_then(|strip| deliver(&ctx, strip, &site));
    end(&ctx, Direction::In, result)
}

/// Hands the packet to the IPv6 stack.
#[inline(always)]
fn deliver(ctx: &TcContext, strip: Strip, site: &Maps<'_>) -> Result<Forwarded, Reason> {
    let (config, segments) = (site.config(), Buffer(ctx).segments());
    apply::strip(ctx, strip, config.switches().has(Switches::DECAP_L3))?;
    let action = apply::deliver(config.device);
    let reason = Reason::Delivered;
    let tally = Tally::of(Direction::In, Layer::Tc, reason).ok_or(Reason::Failed)?;
    Ok(Forwarded {
        action,
        reason,
        tally,
        packets: segments,
        bytes: strip.length,
    })
}

/// The common case: the source has been admitted and the destination can be no trap. `None` where
/// anything is out of the ordinary.
#[inline(always)]
fn cached(buffer: &Buffer<'_>, site: &Maps<'_>) -> Option<Strip> {
    if site.config().switches().has(Switches::SIX_RD) {
        return None;
    }
    let packet = parse::plain(buffer, ethernet::LENGTH)?;
    let origin = packet.vouched_by(buffer.ifindex())?;
    if !is_ordinary(&packet, site) {
        return None;
    }
    let cache = Cache::of_this_cpu()?;
    let admission = cache.admission(origin.prefix, origin.ends.source);
    if !admission.holds(&origin, cache.now()) {
        return None;
    }
    let strip = rewrite::strip(&packet).ok()?;
    admission.heard(buffer.segments(), strip.length);
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
fn admitted(buffer: &Buffer<'_>, site: &Maps<'_>) -> Result<Strip, Reason> {
    let ifindex = buffer.ifindex();
    let (packet, admitted, strip) = path::decapsulate(buffer, ethernet::LENGTH, ifindex, site)?;
    if packet.icmp_type == Some(ROUTER_SOLICITATION)
        && admitted.scope == Scope::Link
        && !peer::may_solicit(packet.outer.source)
    {
        return Err(Reason::NdLimited);
    }
    // That the sender is the next hop of one source does not make it that of another.
    if admitted.scope == Scope::Link || admitted.vouched_by == Voucher::Mapping {
        // What a solicitation is answered from, and what comes after it.
        let heard = Traffic::new(buffer.segments(), strip.length);
        peer::meet(packet.outer.source, packet.outer.destination, heard);
    } else if let Some(origin) = packet.vouched_by(ifindex)
        && let Some(cache) = Cache::of_this_cpu()
    {
        let admission = cache.admission(origin.prefix, origin.ends.source);
        admission.fill(&origin, cache, site.config(), cache.now());
        admission.heard(buffer.segments(), strip.length);
    }
    Ok(strip)
}
