//! Packets into the tunnel that no program sent: the IPv4 stack sends them, which fragments and asks
//! for neighbours, or their source hears why not.

use isatap_common::{
    abi::Hearing,
    icmp::Icmpv6Error::{AddressUnreachable, PacketTooBig},
    path::Reason,
};

use super::{node::Node, slow_path};
use crate::clock;

impl Node {
    /// Takes a packet from the open end of the device.
    pub fn surplus(&mut self, packet: &[u8]) {
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
            Err(reason) => self.answer(packet, reason),
        };
        self.count_out(reason, packet.len());
    }

    fn send_by_stack(&mut self, packet: &[u8]) -> Result<(), Reason> {
        let tables = self.tables.as_ref().ok_or(Reason::NoLocator)?;
        let outgoing = slow_path::encapsulate(packet, tables, |remote| {
            self.datapath.maps.peers.heard_at(remote)
        })?;
        self.protocol41.send(&outgoing).map_err(|cause| {
            if is_unreachable(&cause) {
                Reason::NoRoute
            } else {
                Reason::Failed
            }
        })?;
        let (remote, length) = (outgoing.destination, packet.len());
        self.datapath.maps.peers.sent(remote, length, clock::now());
        Ok(())
    }

    /// Tells the source if it is owed that (RFC 4443 sections 3.1 and 3.2). Returns what the packet
    /// is counted as.
    fn answer(&mut self, packet: &[u8], reason: Reason) -> Reason {
        let error = match reason {
            Reason::TooBig => PacketTooBig {
                mtu: self.largest(),
            },
            Reason::NoNextHop | Reason::NoRoute => AddressUnreachable,
            Reason::NotOurs => return Reason::Unsupported,
            other => return other,
        };
        let told = self.errors.tell(clock::now(), error, packet, self.index);
        told.err().unwrap_or(reason)
    }

    /// Largest packet into the tunnel.
    fn largest(&self) -> u32 {
        self.tables.as_ref().map_or(0, |tables| tables.config.mtu)
    }
}

fn is_unreachable(cause: &std::io::Error) -> bool {
    use std::io::ErrorKind::{HostUnreachable, NetworkDown, NetworkUnreachable};
    matches!(
        cause.kind(),
        HostUnreachable | NetworkDown | NetworkUnreachable
    )
}
