//! Protocol 41 datagrams that the kernel reassembled, or that no program took.

use std::io;

use nix::sys::socket::{ControlMessageOwned, SockaddrIn, setsockopt, sockopt};
use nix::{libc, setsockopt_impl, sockopt_impl};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::unix::AsyncFd;

use super::receive::receive;
use crate::kernel::Error;
use crate::kernel::watched::watch;

/// IPv6 in IPv4 (RFC 4213).
const PROTOCOL: i32 = 41;

sockopt_impl!(
    /// What is made of path MTUs.
    MtuDiscover,
    SetOnly,
    libc::IPPROTO_IP,
    libc::IP_MTU_DISCOVER,
    libc::c_int
);

/// A raw IPv4 socket for protocol 41 on every interface.
#[derive(Debug)]
pub struct Protocol41Socket {
    socket: AsyncFd<Socket>,
}

/// An IPv4 datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// The interface that it arrived on.
    pub index: Option<u32>,
    /// The whole datagram, IPv4 header included.
    pub bytes: Vec<u8>,
    /// Whether it was longer than that.
    pub truncated: bool,
}

impl Protocol41Socket {
    /// Opens the socket in the network namespace of the calling thread.
    pub fn open() -> Result<Self, Error> {
        let opened = open().and_then(watch);
        let socket =
            opened.map_err(|cause| Error::new("open a raw socket for protocol 41", cause))?;
        Ok(Self { socket })
    }

    /// Waits for a datagram. Dropping the future loses none.
    pub async fn recv(&self) -> io::Result<Datagram> {
        let raw = receive::<SockaddrIn>(&self.socket).await?;
        Ok(Datagram {
            index: raw.control.iter().find_map(index),
            bytes: raw.bytes,
            truncated: raw.truncated,
        })
    }
}

fn open() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(PROTOCOL)))?;
    socket.set_nonblocking(true)?;
    // A socket that could have sent the quoted packet is all that the kernel asks for before it
    // believes that a path takes less.
    setsockopt(&socket, MtuDiscover, &libc::IP_PMTUDISC_OMIT)?;
    setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    Ok(socket)
}

fn index(message: &ControlMessageOwned) -> Option<u32> {
    match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => u32::try_from(info.ipi_ifindex).ok(),
        _ => None,
    }
}
