//! Sending packets that no honest stack would send.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use socket2::{Domain, Protocol, Socket, Type};

use crate::ns::Inside;

/// Sends an IPv4 packet, its header included, from a namespace; routes and ARP are the kernel's.
pub fn send(from: &Inside, destination: Ipv4Addr, packet: &[u8]) -> Result<()> {
    send_often(from, destination, packet, 1).map(drop)
}

/// Sends it so many times, as fast as it goes, and tells how long that took.
pub fn send_often(
    from: &Inside,
    destination: Ipv4Addr,
    packet: &[u8],
    times: u32,
) -> Result<Duration> {
    from.enter(|| {
        // IPPROTO_RAW
        let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255)))
            .context("a raw socket")?;
        socket.set_header_included_v4(true)?;
        let to = SocketAddrV4::new(destination, 0).into();
        let start = Instant::now();
        for _ in 0..times {
            let sent = socket.send_to(packet, &to)?;
            ensure!(
                sent == packet.len(),
                "sent {sent} of {} octets",
                packet.len()
            );
        }
        Ok(start.elapsed())
    })
}

/// Sends an IPv6 packet, its header included, from a namespace; routes are the kernel's.
pub fn send_ipv6(from: &Inside, destination: Ipv6Addr, packet: &[u8]) -> Result<()> {
    from.enter(|| {
        // IPPROTO_RAW
        let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::from(255)))
            .context("a raw socket")?;
        let to = SocketAddrV6::new(destination, 0, 0, 0).into();
        let sent = socket.send_to(packet, &to)?;
        ensure!(
            sent == packet.len(),
            "sent {sent} of {} octets",
            packet.len()
        );
        Ok(())
    })
}
