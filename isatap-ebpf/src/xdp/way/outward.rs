//! IPv6 for a node of the link to which packets were sent lately, as another packet to it found.

use aya_ebpf::{EbpfContext as _, bindings::xdp_action, programs::XdpContext};
use isatap_common::{
    abi::{Direction, Uncached},
    addr::Address,
    path::{Reason, express},
    wire::ipv4,
};

use super::super::{Forwarded, apply, end, leave};
use crate::{
    cache::{
        Cache,
        peer::{self, Account},
    },
    fib,
    maps::CONFIG,
    window::Frame,
};

/// Goes on with a frame whose way `isatap_xdp` does not know.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    forward(ctx).unwrap_or_else(|| leave(ctx, Uncached::Out))
}

/// `None` where there is more to decide than the way; the frame is as it was.
#[inline(always)]
fn forward(ctx: &XdpContext) -> Option<u32> {
    let head = Frame(ctx).head(express::OUTWARD)?;
    let length = express::outward(&head, || Frame(ctx).present(head))?;
    let destination = express::destination(&head);
    let remote = destination.embedded()?;
    let cache = Cache::of_this_cpu()?;
    let now = cache.now();
    let config = CONFIG.get(0)?;
    let account = Account::of(remote)?;
    let time = peer::now();
    if !account.is_cleared(destination, now) || !account.is_heard(config, time) {
        return None;
    }
    let result = found(ctx, cache, (destination, length), &account, time);
    Some(end(ctx, Direction::Out, result))
}

/// The packet on the way that the kernel's routing table has for it.
#[inline(always)]
fn found(
    ctx: &XdpContext,
    cache: Cache,
    (destination, length): (Address, u32),
    account: &Account,
    time: u64,
) -> Result<Forwarded, Reason> {
    let config = CONFIG.get(0).ok_or(Reason::Failed)?;
    let way = cache.way(destination);
    if length > config.mtu {
        return Err(Reason::TooBig);
    }
    if way.is_due(destination) {
        return Err(Reason::Revalidate);
    }
    let total = u16::try_from(length + ipv4::LENGTH as u32).map_err(|_| Reason::TooBig)?;
    let (local, remote) = (
        config.first_locator(),
        destination.embedded().unwrap_or_default(),
    );
    let found = fib::ipv4(ctx.as_ptr(), config.device, local, remote, total)
        .map_err(|no_way| no_way.reason)?;
    let limit = account.limit(config, found.mtu, time);
    if u32::from(total) > limit.total {
        return Err(Reason::TooBig);
    }
    let ends = ipv4::Ends {
        source: local,
        destination: remote,
    };
    // At once, because what was found would have to be kept on the stack.
    let next_hop = way.fill(
        destination,
        config,
        &found,
        Some((ends, limit)),
        cache.now(),
    );
    // Before the frame is touched, because this finds out whether it can be sent there.
    let action = apply::redirect_or_pass(found.egress);
    if action != xdp_action::XDP_REDIRECT {
        way.forget();
        return Err(Reason::NotLinked);
    }
    apply::room(ctx)?;
    // Not in the line, so that there is nothing to write back when another takes its place.
    account.sent(length);
    let head = Frame(ctx).head(express::INWARD).ok_or(Reason::Failed)?;
    let class = express::inner_traffic_class(&head) & cache.copied();
    let common = ipv4::Common::new(limit.dont_fragment, config.ttl);
    let outer = next_hop.outer(class, total, common);
    apply::push(head, next_hop, &outer);
    Ok(Forwarded {
        action,
        reason: Reason::Resolved,
        bytes: length,
    })
}
