//! Protocol 41 that the kernel had to reassemble, or that carries IPv4 options: the same checks as
//! in the programs, then into the device. And the other way round, what the kernel has to fragment.

use isatap_common::{
    abi::{Direction, Switches},
    addr::Ipv4,
    path::{
        Reason, Site,
        admit::{self, Voucher},
        ecn, options, parse, rewrite,
    },
};

use super::{counters::count, node::Node};
use crate::{
    clock,
    kernel::sockets::{Datagram, Outgoing},
};

/// Octets of an IPv4 header without options.
const PLAIN_HEADER: usize = isatap_common::wire::ipv4::LENGTH;

impl Node {
    /// Takes a datagram that the kernel passed up.
    pub fn receive(&mut self, datagram: &Datagram) {
        let (Some(tables), Some(index), false) = (&self.tables, datagram.index, datagram.truncated)
        else {
            return;
        };
        let taken = decapsulate(&datagram.bytes, index, tables);
        let (reason, length) = match taken {
            Err(Reason::NotOurs) => return,
            Err(reason) => (reason, 0),
            Ok(taken) => {
                let length = taken.inner.len();
                if taken.shows_peer {
                    let peers = &mut self.datapath.maps.peers;
                    peers.heard(taken.from, length, clock::now());
                }
                match self.device.deliver(&taken.inner) {
                    Ok(()) => (Reason::Delivered, length),
                    Err(_) => (Reason::Failed, 0),
                }
            }
        };
        count(
            &mut self.datapath.maps.counters,
            Direction::In,
            reason,
            length,
        );
    }
}

/// A packet that was admitted.
pub struct Taken {
    /// The IPv6 packet.
    pub inner: Vec<u8>,
    /// Who sent it.
    pub from: Ipv4,
    /// Whether that is a node of the link by what the packet says.
    pub shows_peer: bool,
}

/// The IPv6 packet in the IPv4 datagram `bytes` that arrived on interface `index`, or why it is
/// refused. The kernel has verified the header checksum.
pub fn decapsulate(bytes: &[u8], index: u32, site: &impl Site) -> Result<Taken, Reason> {
    let outer = parse::outer(bytes, 0)?;
    site.locator(index, outer.destination)
        .ok_or(Reason::NotOurs)?;
    let inner_at = usize::from(outer.words) * 4;
    options::check(bytes.get(PLAIN_HEADER..inner_at).ok_or(Reason::Malformed)?)?;
    let packet = parse::inner(bytes, inner_at, outer)?;
    let admitted = admit::inbound(&packet, site)?;
    let strip = rewrite::strip(&packet)?;
    let end = inner_at + packet.inner.total_length() as usize;
    let mut inner = bytes.get(inner_at..end).ok_or(Reason::Malformed)?.to_vec();
    if let Some(first) = inner.first_chunk_mut() {
        *first = strip.first_word;
    }
    Ok(Taken {
        inner,
        from: packet.outer.source,
        shows_peer: admitted.vouched_by != Voucher::Router,
    })
}

/// What the IPv4 stack has to send for the IPv6 packet `bytes`, or why it is refused; `heard_at` says
/// which of our locators a node sends to.
pub fn encapsulate<'a>(
    bytes: &'a [u8],
    site: &impl Site,
    heard_at: impl Fn(Ipv4) -> Option<Ipv4>,
) -> Result<Outgoing<'a>, Reason> {
    let packet = parse::outbound(bytes, 0)?;
    let tunnel = admit::outbound(&packet, site)?;
    let (inner, config) = (&packet.inner, site.config());
    let source = match tunnel.expected {
        [0, 0, 0, 0] => heard_at(tunnel.remote).filter(|local| config.has_locator(*local)),
        expected => Some(expected),
    };
    let copy_dscp = config.switches().has(Switches::COPY_DSCP);
    Ok(Outgoing {
        source: source.unwrap_or(config.first_locator()),
        destination: tunnel.remote,
        traffic_class: ecn::encapsulate(inner.traffic_class(), copy_dscp),
        ttl: config.ttl,
        packet: bytes
            .get(..inner.total_length() as usize)
            .ok_or(Reason::Malformed)?,
    })
}
