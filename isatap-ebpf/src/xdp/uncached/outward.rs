//! IPv6 in, protocol 41 out.

use aya_ebpf::{EbpfContext as _, bindings::xdp_action, programs::XdpContext};
use isatap_common::{
    abi::{Config, Decision, Direction, Switches},
    addr::{Address, Ipv4},
    path::{self, Reason, Site as _, express, express::is_routed, rewrite},
    wire::{ethernet, ipv4, ipv6},
};

use super::super::{Forwarded, apply, end};
use crate::{
    cache::{
        Cache, Way,
        peer::{self, Account},
    },
    count::identification,
    fib,
    maps::LINKS,
    site::Maps,
    window::Frame,
};

/// Where the IPv6 header starts.
const INNER_AT: usize = ethernet::LENGTH;

/// Decides on one frame of IPv6.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    match Maps::new() {
        Some(site) if site.config().is_router() => {
            end(ctx, Direction::Out, resolved(ctx, &Frame(ctx), site))
        }
        _ => xdp_action::XDP_PASS,
    }
}

/// The whole decision, and what it found into the cache.
#[inline(always)]
fn resolved(ctx: &XdpContext, frame: &Frame<'_>, site: Maps<'_>) -> Result<Forwarded, Reason> {
    let generation = site.generation();
    let found = path::encapsulate(frame, INNER_AT, &site);
    let (packet, tunnel) = found.map_err(|reason| match reason {
        // Not into this tunnel, or for this node: the routing table knows.
        Reason::NoNextHop | Reason::NextHopOwn => Reason::NotOurs,
        other => other,
    })?;
    let inner = &packet.inner;
    if !is_routed(inner.destination) {
        return Err(Reason::NotOurs);
    }
    if inner.hop_limit <= 1 {
        return Err(Reason::HopLimit);
    }
    if inner.source.is_martian_source() || inner.source.is_link_local() {
        return Err(Reason::LinkScope);
    }
    let config = site.config();
    let length = inner.total_length();
    if length > config.mtu {
        return Err(Reason::TooBig);
    }
    let cache = Cache::of_this_cpu().ok_or(Reason::Failed)?;
    let now = cache.now();
    let way = cache.way(inner.destination);
    if way.is_due(inner.destination) {
        return Err(Reason::Revalidate);
    }
    let total = u16::try_from(length + ipv4::LENGTH as u32).map_err(|_| Reason::TooBig)?;
    let found = fib::ipv4(
        ctx.as_ptr(),
        config.device,
        tunnel.looked_up_from(&site),
        tunnel.remote,
        total,
    )
    .map_err(|no_way| no_way.reason)?;
    LINKS.get_ifindex(found.egress).ok_or(Reason::NotLinked)?;
    let ends = ipv4::Ends {
        source: tunnel.local(found.egress, &site),
        destination: tunnel.remote,
    };
    let limit = peer::limit(config, found.mtu, tunnel.remote);
    if u32::from(total) > limit.total {
        return Err(Reason::TooBig);
    }
    let next_hop = way.fill(inner.destination, config, &found, Some((ends, limit)), now);
    let fresh = config.fresh_jiffies;
    let decision = Decision {
        generation,
        fresh,
        now,
    };
    let will_do = will_do_again(inner.destination, tunnel.remote, config);
    if will_do && now < next_hop.until {
        let block = cache.way_block(inner.destination, tunnel.remote);
        if block.learn(next_hop, &decision) {
            return Err(Reason::Revalidate);
        }
    }
    account(&way, inner, tunnel.remote, will_do.then_some(decision));
    let push = rewrite::push(&packet, ends, identification(), limit.dont_fragment, &site)?;
    apply::room(ctx)?;
    let head = frame.head(express::INWARD).ok_or(Reason::Failed)?;
    apply::push(head, next_hop, &push.outer);
    Ok(Forwarded {
        action: apply::redirect(next_hop.egress),
        reason: Reason::Resolved,
        bytes: length,
    })
}

/// Whether the next packet to the same destination need not be decided on, if it is from a native
/// address. In the terms of [`super::super::way::outward`] that takes one locator, which all packets are
/// sent from, and no 6rd prefix that a source would have to be compared with.
#[inline(always)]
fn will_do_again(destination: Address, remote: Ipv4, config: &Config) -> bool {
    destination.embedded() == Some(remote)
        && config.locator_count == 1
        && !config.switches().has(Switches::SIX_RD)
}

/// Counts the packet, where the next one to the same destination will look first; and says there that
/// that one need not be decided on, where this `decision` will do.
#[inline(always)]
fn account(way: &Way, inner: &ipv6::Header, remote: Ipv4, decision: Option<Decision>) {
    let length = inner.total_length();
    let Some(account) = Account::of(remote) else {
        return way.sent(1, length);
    };
    account.sent(length);
    if let Some(Decision { fresh, now, .. }) = decision {
        account.clear(inner.destination, now + u64::from(fresh));
    }
}
