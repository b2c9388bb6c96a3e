//! Neighbor discovery messages on one interface.

use std::io::{self, IoSlice};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::AsRawFd;

use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn6, sendmsg, setsockopt, sockopt,
};
use nix::{libc, setsockopt_impl, sockopt_impl};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::unix::AsyncFd;

use super::receive::{Raw, receive_burst};
use crate::kernel::Error;
use crate::kernel::watched::watch;

/// The hop limit of every neighbor discovery message (RFC 4861 section 6.1).
const HOP_LIMIT: u32 = 255;
/// `linux/icmpv6.h` and `linux/in6.h`; libc has no names for them.
const ICMPV6_FILTER: libc::c_int = 1;
const IPV6_RECVFRAGSIZE: libc::c_int = 77;
/// Room for messages that arrive while the process is busy: 2000 of them at least.
const RECEIVE_BUFFER: usize = 4 << 20;
/// How many messages one call may read, so that a flood cannot starve the event loop.
const BURST: usize = 256;

sockopt_impl!(
    /// One bit for each ICMPv6 type that is not wanted.
    Icmpv6Filter,
    SetOnly,
    libc::IPPROTO_ICMPV6,
    ICMPV6_FILTER,
    [u32; 8]
);

sockopt_impl!(
    /// Tell of a message that came in fragments how large the largest was.
    RecvFragmentSize,
    SetOnly,
    libc::IPPROTO_IPV6,
    IPV6_RECVFRAGSIZE,
    bool
);

/// A raw ICMPv6 socket that hears and speaks on one interface only.
#[derive(Debug)]
pub struct Icmpv6Socket {
    socket: AsyncFd<Socket>,
}

/// An ICMPv6 message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Who sent it.
    pub source: Ipv6Addr,
    /// Which address it was sent to.
    pub destination: Option<Ipv6Addr>,
    /// The hop limit it arrived with.
    pub hop_limit: Option<u8>,
    /// The message from its type on.
    pub bytes: Vec<u8>,
    /// Whether it was longer than that.
    pub truncated: bool,
    /// Whether the kernel put it together of IPv6 fragments.
    pub fragmented: bool,
    /// How many messages this socket had lost by then, for want of room or because of a wrong
    /// checksum.
    pub lost: u32,
}

impl Icmpv6Socket {
    /// Opens the socket on the interface `name` with number `index` for messages of `types`,
    /// those to `group` included.
    pub fn open(
        name: &str,
        index: u32,
        types: &[u8],
        group: Option<Ipv6Addr>,
    ) -> Result<Self, Error> {
        let opened = open(name, index, types, group).and_then(watch);
        let socket = opened
            .map_err(|cause| Error::new(format!("open an ICMPv6 socket on {name}"), cause))?;
        Ok(Self { socket })
    }

    /// Waits for messages, and takes a burst of those that are there. Dropping the future loses
    /// none.
    pub async fn recv(&self) -> io::Result<Vec<Received>> {
        let burst = receive_burst::<SockaddrIn6>(&self.socket, BURST).await?;
        Ok(burst.into_iter().filter_map(message).collect())
    }

    /// Leaves hardly any room for messages.
    #[cfg(test)]
    pub(super) fn shrink(&self) {
        let _ = setsockopt(self.socket.get_ref(), sockopt::RcvBuf, &1);
    }

    /// Sends a message from one of the interface's addresses; the kernel fills in the checksum.
    pub async fn send(
        &self,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        index: u32,
        bytes: &[u8],
    ) -> io::Result<()> {
        let address = SockaddrIn6::from(SocketAddrV6::new(destination, 0, 0, index));
        let info = libc::in6_pktinfo {
            ipi6_addr: libc::in6_addr {
                s6_addr: source.octets(),
            },
            ipi6_ifindex: index,
        };
        loop {
            let mut ready = self.socket.writable().await?;
            let sent = ready.try_io(|socket| {
                let fd = socket.get_ref().as_raw_fd();
                let control = [ControlMessage::Ipv6PacketInfo(&info)];
                let slices = [IoSlice::new(bytes)];
                Ok(sendmsg(
                    fd,
                    &slices,
                    &control,
                    MsgFlags::empty(),
                    Some(&address),
                )?)
            });
            if let Ok(result) = sent {
                return result.map(drop);
            }
        }
    }
}

fn open(name: &str, index: u32, types: &[u8], group: Option<Ipv6Addr>) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
    // First of all: until then messages of every interface and of every type arrive.
    setsockopt(&socket, Icmpv6Filter, &blocking_all_but(types))?;
    socket.bind_device(Some(name.as_bytes()))?;
    socket.set_nonblocking(true)?;
    socket.set_unicast_hops_v6(HOP_LIMIT)?;
    socket.set_multicast_hops_v6(HOP_LIMIT)?;
    socket.set_multicast_if_v6(index)?;
    socket.set_multicast_loop_v6(false)?;
    setsockopt(&socket, sockopt::Ipv6RecvHopLimit, &true)?;
    setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
    setsockopt(&socket, RecvFragmentSize, &true)?;
    setsockopt(&socket, sockopt::RxqOvfl, &1)?;
    // Without CAP_NET_ADMIN the buffer stays at its default, and losses come sooner.
    let _ = setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER);
    if let Some(group) = group {
        socket.join_multicast_v6(&group, index)?;
    }
    Ok(socket)
}

/// The filter that lets only `types` through.
pub(super) fn blocking_all_but(types: &[u8]) -> [u32; 8] {
    let mut filter = [u32::MAX; 8];
    for kind in types {
        if let Some(word) = filter.get_mut(usize::from(kind >> 5)) {
            *word &= !(1 << (kind & 31));
        }
    }
    filter
}

fn message(raw: Raw<SockaddrIn6>) -> Option<Received> {
    Some(Received {
        source: raw.source?.ip(),
        destination: raw.control.iter().find_map(destination),
        hop_limit: raw.control.iter().find_map(hop_limit),
        fragmented: raw.control.iter().any(is_fragment_size),
        bytes: raw.bytes,
        truncated: raw.truncated,
        lost: raw.control.iter().find_map(lost).unwrap_or(0),
    })
}

fn lost(message: &ControlMessageOwned) -> Option<u32> {
    match message {
        ControlMessageOwned::RxqOvfl(lost) => Some(*lost),
        _ => None,
    }
}

fn destination(message: &ControlMessageOwned) -> Option<Ipv6Addr> {
    match message {
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(info.ipi6_addr.s6_addr.into()),
        _ => None,
    }
}

fn hop_limit(message: &ControlMessageOwned) -> Option<u8> {
    match message {
        ControlMessageOwned::Ipv6HopLimit(limit) => u8::try_from(*limit).ok(),
        _ => None,
    }
}

fn is_fragment_size(message: &ControlMessageOwned) -> bool {
    match message {
        ControlMessageOwned::Unknown(unknown) => {
            let header = &unknown.cmsg_header;
            (header.cmsg_level, header.cmsg_type) == (libc::IPPROTO_IPV6, IPV6_RECVFRAGSIZE)
        }
        _ => false,
    }
}
