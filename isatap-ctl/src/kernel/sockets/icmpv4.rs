//! ICMPv4 errors about packets of protocol 41.

use std::io;

use nix::sys::socket::{SockaddrIn, setsockopt};
use nix::{libc, setsockopt_impl, sockopt_impl};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::io::unix::AsyncFd;

use super::receive::receive;
use crate::kernel::Error;
use crate::kernel::watched::watch;

/// `linux/icmp.h`; libc has no name for it.
const ICMP_FILTER: libc::c_int = 1;
/// Destination Unreachable, Time Exceeded, Parameter Problem (RFC 792).
const ERRORS: [u32; 3] = [3, 11, 12];
/// IPv6 in IPv4 (RFC 4213).
const PROTOCOL: u32 = 41;
/// Octets of an ICMP message in front of the packet that it quotes, and where that says its protocol.
const QUOTE: u32 = 8;
const PROTOCOL_AT: u32 = 9;

sockopt_impl!(
    /// One bit for each ICMP type below 32 that is not wanted.
    IcmpFilter,
    SetOnly,
    libc::SOL_RAW,
    ICMP_FILTER,
    u32
);

/// A raw ICMP socket that hears nothing but errors about packets of protocol 41. What there is no room
/// for in its queue is lost: errors are hints.
#[derive(Debug)]
pub struct Icmpv4Socket {
    socket: AsyncFd<Socket>,
}

impl Icmpv4Socket {
    /// Opens the socket in the network namespace of the calling thread.
    pub fn open() -> Result<Self, Error> {
        let opened = open().and_then(watch);
        let socket = opened.map_err(|cause| Error::new("open a raw socket for ICMP", cause))?;
        Ok(Self { socket })
    }

    /// Waits for a datagram, its IPv4 header included; nothing but its type and the quoted protocol has
    /// been looked at. Dropping the future loses none.
    pub async fn recv(&self) -> io::Result<Vec<u8>> {
        let raw = receive::<SockaddrIn>(&self.socket).await?;
        Ok(raw.bytes)
    }
}

fn open() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
    let wanted = ERRORS.iter().fold(0, |bits, kind| bits | 1 << kind);
    setsockopt(&socket, IcmpFilter, &!wanted)?;
    socket.attach_filter(&quotes_protocol_41())?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A program for the kernel that takes a datagram if the quoted packet has that protocol, so that other
/// people's errors do not wake the daemon.
fn quotes_protocol_41() -> [SockFilter; 5] {
    let code = |code: u32| u16::try_from(code).unwrap_or(0);
    let length_of_header = code(libc::BPF_LDX | libc::BPF_B | libc::BPF_MSH);
    let octet_behind_it = code(libc::BPF_LD | libc::BPF_B | libc::BPF_IND);
    let is_equal = code(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K);
    let take = code(libc::BPF_RET | libc::BPF_K);
    [
        SockFilter::new(length_of_header, 0, 0, 0),
        SockFilter::new(octet_behind_it, 0, 0, QUOTE + PROTOCOL_AT),
        SockFilter::new(is_equal, 0, 1, PROTOCOL),
        SockFilter::new(take, 0, 0, u32::MAX),
        SockFilter::new(take, 0, 0, 0),
    ]
}
