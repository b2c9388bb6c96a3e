//! Packets into the tunnel that no program sent: the IPv4 stack sends them, which fragments and asks
//! for neighbours, or their source hears why not.

use isatap_common::{
    abi::Hearing,
    icmp::Icmpv6Error::{self, AddressUnreachable, PacketTooBig},
    path::{Reason, limit::Limit, parse},
    wire::ipv4,
};

use super::{node::Node, slow_path};
use crate::clock;

/// Why a packet does not leave, and what its source is told (RFC 4443 sections 3.1 and 3.2).
struct Refused(Reason, Option<Icmpv6Error>);

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::NoNextHop | Reason::NoRoute => Self(reason, Some(AddressUnreachable)),
            Reason::NotOurs => Self(Reason::Unsupported, None),
            other => Self(other, None),
        }
    }
}

impl Node {
    /// Takes a packet from the open end of the device.
    pub fn surplus(&mut self, packet: &[u8]) {
        if let Some(inner) = returned(packet) {
            return self.refuse(Reason::NoRoute, AddressUnreachable, inner);
        }
        match self.hold(packet) {
            Ok(Hearing::Heard) => self.send_surplus(packet),
            // The program that handed it over has counted it.
            Ok(_) => {}
            Err(reason) => self.count_out(reason, packet.len()),
        }
    }

    /// Sends a packet, and counts what became of it.
    pub(super) fn send_surplus(&mut self, packet: &[u8]) {
        let reason = match self.send_by_stack(packet) {
            Ok(()) => Reason::Sent,
            Err(Refused(reason, None)) => reason,
            Err(Refused(reason, Some(error))) => return self.refuse(reason, error, packet),
        };
        self.count_out(reason, packet.len());
    }

    /// Tells the source of a packet why it does not leave, and counts it.
    fn refuse(&mut self, reason: Reason, error: Icmpv6Error, packet: &[u8]) {
        let told = self.errors.tell(clock::now(), error, packet, self.index);
        self.count_out(told.err().unwrap_or(reason), packet.len());
    }

    /// Has the packet sent, with Don't Fragment clear: it is here because it is too large, or else
    /// there is nothing that a path MTU could be learned from.
    fn send_by_stack(&mut self, packet: &[u8]) -> Result<(), Refused> {
        let tables = self.tables.as_ref().ok_or(Reason::NoLocator)?;
        let peers = &mut self.datapath.maps.peers;
        let outgoing = slow_path::encapsulate(packet, tables, |remote| peers.heard_at(remote))?;
        let (remote, now) = (outgoing.destination, clock::now());
        let way = self.world.smallest_uplink(&self.settings.interface);
        let way = way.unwrap_or(u32::MAX);
        let limit = Limit::new(&tables.config, way, peers.path_mtu(remote, now));
        if outgoing.packet.len() > limit.inner as usize {
            let error = PacketTooBig { mtu: limit.inner };
            return Err(Refused(Reason::TooBig, Some(error)));
        }
        self.protocol41.send(&outgoing).map_err(|cause| {
            if is_unreachable(&cause) {
                Reason::NoRoute
            } else {
                Reason::Failed
            }
        })?;
        peers.sent(remote, packet.len(), now);
        Ok(())
    }
}

/// What is in a packet that we sent and that an IPv4 route leads back into the tunnel (RFC 2473
/// section 4.4). Nothing else puts IPv4 into the device.
fn returned(packet: &[u8]) -> Option<&[u8]> {
    parse::outer(packet, 0).ok()?;
    packet.get(ipv4::LENGTH..)
}

fn is_unreachable(cause: &std::io::Error) -> bool {
    use std::io::ErrorKind::{HostUnreachable, NetworkDown, NetworkUnreachable};
    matches!(
        cause.kind(),
        HostUnreachable | NetworkDown | NetworkUnreachable
    )
}
