//! Protocol 41 from a host that was admitted, to a destination that the cache does not know.

use aya_ebpf::{EbpfContext as _, bindings::xdp_action, programs::XdpContext};
use isatap_common::{
    abi::{Config, Direction, Switches, Uncached},
    addr::Address,
    path::{Reason, express},
};

use super::super::{Forwarded, apply, end, leave};
use crate::{
    cache::{Cache, Way},
    fib,
    maps::CONFIG,
    window::{Frame, Words},
};

/// Goes on with a frame that `isatap_xdp`, which alone calls this, has found in order and its source
/// admitted. The program is the proof: nothing has touched the frame since.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    match forward(ctx) {
        Some(result) => end(ctx, Direction::In, result),
        None => leave(ctx, Uncached::In),
    }
}

/// `None` where there is more to decide than the way; the frame is as it was.
#[inline(always)]
fn forward(ctx: &XdpContext) -> Option<Result<Forwarded, Reason>> {
    let head = Frame(ctx).head(express::INWARD)?;
    let config = CONFIG.get(0)?;
    if !express::is_beyond(&head) || config.switches().has(Switches::SIX_RD) {
        return None;
    }
    let cache = Cache::of_this_cpu()?;
    let destination = express::inner_destination(&head);
    let way = cache.way(destination);
    if way.is_due(destination) {
        return Some(Err(Reason::Revalidate));
    }
    Some(found(ctx, head, destination, (config, cache, way)))
}

/// The packet on the way that the kernel's routing table has for it.
#[inline(always)]
fn found(
    ctx: &XdpContext,
    head: Words,
    destination: Address,
    (config, cache, way): (&Config, Cache, Way),
) -> Result<Forwarded, Reason> {
    // It has been within an outer packet, whose length is no larger number.
    let length = express::inner_length(&head) as u16;
    let ends = || express::inner_ends(&head);
    let found =
        fib::ipv6(ctx.as_ptr(), config.device, length, ends).map_err(|no_way| no_way.reason)?;
    if found.egress == config.device {
        return Err(Reason::Hairpin);
    }
    // At once, because what was found would have to be kept on the stack.
    let next_hop = way.fill(destination, config, &found, None, cache.now());
    // Before the frame is touched, because this finds out whether it can be sent there.
    let action = apply::redirect_or_pass(found.egress);
    if action != xdp_action::XDP_REDIRECT {
        way.forget();
        return Err(Reason::NotLinked);
    }
    let bytes = express::inner_length(&head);
    let admission = cache.admission_of(express::inner_source(&head));
    admission.heard(1, bytes);
    apply::strip(ctx, head, next_hop)?;
    Ok(Forwarded {
        action,
        reason: Reason::Resolved,
        bytes,
    })
}
