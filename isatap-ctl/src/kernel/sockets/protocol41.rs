//! Protocol 41 datagrams that the kernel reassembled, or that no program took, and those that it has to
//! fragment.

use std::io::{self, IoSlice};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;

use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, sendmsg, setsockopt, sockopt,
};
use nix::{libc, setsockopt_impl, sockopt_impl};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
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

/// An IPv6 packet for the IPv4 stack to encapsulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// Outer source, one of our addresses.
    pub source: [u8; 4],
    /// Outer destination.
    pub destination: [u8; 4],
    /// DSCP and ECN of the outer header.
    pub traffic_class: u8,
    /// Outer time to live.
    pub ttl: u8,
    /// The IPv6 packet.
    pub packet: &'a [u8],
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

    /// Has a packet sent with Don't Fragment clear, in as many fragments as the way out asks for. What
    /// there is no room for is lost, as in any queue.
    pub fn send(&self, outgoing: &Outgoing<'_>) -> io::Result<()> {
        send(self.socket.get_ref(), outgoing).map_err(Into::into)
    }
}

fn send(socket: &Socket, outgoing: &Outgoing<'_>) -> nix::Result<()> {
    let destination = Ipv4Addr::from(outgoing.destination);
    let address = SockaddrIn::from(SocketAddrV4::new(destination, 0));
    let info = libc::in_pktinfo {
        ipi_ifindex: 0,
        ipi_spec_dst: libc::in_addr {
            s_addr: u32::from_ne_bytes(outgoing.source),
        },
        ipi_addr: libc::in_addr { s_addr: 0 },
    };
    let control = [
        ControlMessage::Ipv4PacketInfo(&info),
        ControlMessage::Ipv4Tos(&outgoing.traffic_class),
        ControlMessage::Ipv4Ttl(&i32::from(outgoing.ttl)),
    ];
    let slices = [IoSlice::new(outgoing.packet)];
    let fd = socket.as_raw_fd();
    sendmsg(fd, &slices, &control, MsgFlags::empty(), Some(&address)).map(drop)
}

fn open() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(PROTOCOL)))?;
    socket.attach_filter(&was_sent_to_this_node())?;
    socket.set_nonblocking(true)?;
    // A socket that could have sent the quoted packet is all that the kernel asks for before it
    // believes that a path takes less. With this it neither believes it nor goes by it, and fragments
    // what the way out does not take.
    setsockopt(&socket, MtuDiscover, &libc::IP_PMTUDISC_OMIT)?;
    setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    Ok(socket)
}

/// A program for the kernel that takes a datagram if the frame was sent to this node alone (RFC 1122 section
/// 3.3.6). The kernel delivers those in broadcast and multicast frames too.
fn was_sent_to_this_node() -> [SockFilter; 4] {
    let code = |code: u32| u16::try_from(code).unwrap_or(0);
    let load = code(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS);
    let is_equal = code(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K);
    let take = code(libc::BPF_RET | libc::BPF_K);
    let kind = (libc::SKF_AD_OFF + libc::SKF_AD_PKTTYPE).cast_unsigned();
    [
        SockFilter::new(load, 0, 0, kind),
        SockFilter::new(is_equal, 0, 1, u32::from(libc::PACKET_HOST)),
        SockFilter::new(take, 0, 0, u32::MAX),
        SockFilter::new(take, 0, 0, 0),
    ]
}

fn index(message: &ControlMessageOwned) -> Option<u32> {
    match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => u32::try_from(info.ipi_ifindex).ok(),
        _ => None,
    }
}
