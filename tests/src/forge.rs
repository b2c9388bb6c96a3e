//! Sending packets that no honest stack would send.

use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::{Context as _, Result, ensure};
use socket2::{Domain, Protocol, Socket, Type};

use crate::ns::Inside;

/// Sends an IPv4 packet, its header included, from a namespace; routes and ARP are the kernel's.
pub fn send(from: &Inside, destination: Ipv4Addr, packet: &[u8]) -> Result<()> {
    from.enter(|| {
        // IPPROTO_RAW
        let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255)))
            .context("a raw socket")?;
        socket.set_header_included_v4(true)?;
        let sent = socket.send_to(packet, &SocketAddrV4::new(destination, 0).into())?;
        ensure!(
            sent == packet.len(),
            "sent {sent} of {} octets",
            packet.len()
        );
        Ok(())
    })
}
