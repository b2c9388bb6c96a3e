//! IPv6 from the ISATAP device into protocol 41.

use aya_ebpf::{EbpfContext as _, programs::TcContext};
use isatap_common::{
    abi::{Direction, Layer, NextHop},
    path::{self, Reason, Site as _},
    wire::{ethernet, ipv4, ipv6},
};

use super::{Forwarded, apply, end};
use crate::{cache::Line, count::identification, fib, site::Maps, window::Buffer};

/// Decides on one packet.
#[inline(always)]
pub fn run(ctx: &TcContext) -> i32 {
    end(Direction::Out, send(ctx))
}

#[inline(always)]
fn send(ctx: &TcContext) -> Result<Forwarded, Reason> {
    let site = Maps::new().ok_or(Reason::NoLocator)?;
    let buffer = Buffer(ctx);
    buffer.pull(ipv6::LENGTH);
    let identification = identification(Layer::Tc);
    let (packet, tunnel, push) = path::encapsulate(&buffer, 0, identification, &site)?;
    let config = site.config();
    let (segments, bytes) = (buffer.segments(), packet.inner.total_length());
    let line = Line::of(packet.inner.destination).ok_or(Reason::Failed)?;
    let known = line
        .get(NextHop::FORWARD, config)
        .filter(|entry| entry.remote == tunnel.remote && entry.locator == tunnel.locator);
    if let Some(next_hop) = known {
        line.sent(segments, bytes);
        apply::push(ctx, &push, &header(next_hop))?;
        let action = apply::redirect(next_hop.egress);
        return Ok(Forwarded {
            action,
            reason: Reason::Cached,
            packets: segments,
            bytes,
        });
    }
    let locator = config
        .locators
        .get(usize::from(tunnel.locator))
        .ok_or(Reason::NoLocator)?;
    let length = if buffer.is_gso() {
        0
    } else {
        bytes + ipv4::LENGTH as u32
    };
    let length = u16::try_from(length).map_err(|_| Reason::TooBig)?;
    let is_due = line.is_due();
    let way = fib::ipv4(
        ctx.as_ptr(),
        config.device,
        locator.ipv4,
        tunnel.remote,
        length,
    );
    let egress = match way {
        Ok(way) if way.egress == config.device => return Err(Reason::NoRoute),
        Ok(way) if !is_due => {
            line.fill_forward(config, &way, tunnel.remote, tunnel.locator);
            way.egress
        }
        Ok(way) => way.egress,
        Err(no_way) if no_way.reason == Reason::NoNeighbor && no_way.egress != 0 => no_way.egress,
        Err(no_way) => return Err(no_way.reason),
    };
    line.sent(segments, bytes);
    apply::push(
        ctx,
        &push,
        &ethernet::header([0; 6], [0; 6], ethernet::IPV4),
    )?;
    // The kernel resolves, and confirms, the neighbour.
    let action = apply::redirect_neighbor(egress);
    Ok(Forwarded {
        action,
        reason: Reason::Resolved,
        packets: segments,
        bytes,
    })
}

#[inline(always)]
fn header(next_hop: &NextHop) -> [u8; ethernet::LENGTH] {
    ethernet::header(
        next_hop.destination_mac,
        next_hop.source_mac,
        ethernet::IPV4,
    )
}
