//! ICMPv6 errors of this node.

use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};

use nix::sys::socket::setsockopt;
use socket2::{Domain, Protocol, Socket, Type};

use super::icmpv6::{Icmpv6Filter, blocking_all_but};
use crate::kernel::Error;

/// A raw ICMPv6 socket that only speaks.
#[derive(Debug)]
pub struct ErrorSocket {
    socket: Socket,
}

impl ErrorSocket {
    /// Opens the socket in the network namespace of the calling thread.
    pub fn open() -> Result<Self, Error> {
        let opened = open();
        let socket =
            opened.map_err(|cause| Error::new("open a raw socket for ICMPv6 errors", cause))?;
        Ok(Self { socket })
    }

    /// Sends a message from one of our addresses, which the kernel chooses as for any packet of this
    /// node (RFC 4443 section 2.2); it fills in the checksum. A link-local destination is one on the
    /// interface `index`.
    pub fn send(&self, destination: Ipv6Addr, index: u32, bytes: &[u8]) -> io::Result<()> {
        let scope = if destination.is_unicast_link_local() {
            index
        } else {
            0
        };
        let to = SocketAddrV6::new(destination, 0, 0, scope).into();
        self.socket.send_to(bytes, &to).map(drop)
    }
}

fn open() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
    setsockopt(&socket, Icmpv6Filter, &blocking_all_but(&[]))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
