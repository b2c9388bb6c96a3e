//! News from the kernel: that links, addresses, routes or neighbours changed.
//!
//! Only that, not how. Whoever hears of a change reads the state anew, so a lost message costs
//! nothing but the time to do that. An IPv4 neighbour that ARP did not find is the exception: it is
//! named, and may be missed.

mod neighbour;

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recvfrom, setsockopt,
    socket, sockopt,
};
use tokio::io::unix::AsyncFd;

use super::Error;
use super::watched::watch;

/// Room for news that arrive while the process is busy; at about 700 bytes each, 6000 of them.
const RECEIVE_BUFFER: usize = 4 << 20;
/// How many messages one call may read, so that a flood cannot starve the event loop.
const BURST: usize = 4096;
/// Bytes read of each datagram. A longer one is cut: the kinds of its messages are at their start.
const DATAGRAM: usize = 8192;
const HEADER_LEN: usize = 16;

/// The multicast groups, as bits of a netlink address.
const GROUPS: u32 = group(libc::RTNLGRP_LINK)
    | group(libc::RTNLGRP_NEIGH)
    | group(libc::RTNLGRP_IPV4_IFADDR)
    | group(libc::RTNLGRP_IPV4_ROUTE)
    | group(libc::RTNLGRP_IPV6_IFADDR)
    | group(libc::RTNLGRP_IPV6_ROUTE)
    | group(libc::RTNLGRP_IPV6_NETCONF);

const fn group(number: libc::c_uint) -> u32 {
    1 << (number - 1)
}

/// What to read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A device came, went, or changed its state.
    Links,
    /// An address of either family came, went, or changed.
    Addresses,
    /// A route of either family came, went, or changed.
    Routes,
    /// A neighbour entry came, went, or changed its state.
    Neighbours {
        /// On this interface.
        index: u32,
    },
    /// ARP got no answer from a neighbour.
    Unresolved {
        /// On this interface.
        index: u32,
        /// The neighbour.
        ipv4: Ipv4Addr,
    },
    /// Whether a device forwards, among other settings of IPv6.
    Settings,
    /// Messages were lost: everything may have changed.
    Overrun,
}

/// A subscription to the changes in one network namespace.
#[derive(Debug)]
pub struct Events {
    socket: AsyncFd<OwnedFd>,
}

impl Events {
    /// Subscribes in the network namespace of the calling thread, within a tokio runtime.
    pub fn subscribe() -> Result<Self, Error> {
        let subscribed = open().and_then(watch);
        let socket =
            subscribed.map_err(|cause| Error::new("subscribe to rtnetlink events", cause))?;
        Ok(Self { socket })
    }

    /// Waits for changes; all that happened since the last call are one set.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&self) -> io::Result<BTreeSet<Change>> {
        loop {
            let mut ready = self.socket.readable().await?;
            let (changes, drained) = drain(self.socket.get_ref())?;
            if drained {
                ready.clear_ready();
            }
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }
}

fn open() -> io::Result<OwnedFd> {
    let fd = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )?;
    // Without CAP_NET_ADMIN the buffer stays at its default, and overruns come sooner.
    let _ = setsockopt(&fd, sockopt::RcvBufForce, &RECEIVE_BUFFER);
    bind(fd.as_raw_fd(), &NetlinkAddr::new(0, GROUPS))?;
    Ok(fd)
}

/// Reads what is there, at most a burst of it; says whether that was all.
fn drain(socket: &OwnedFd) -> io::Result<(BTreeSet<Change>, bool)> {
    let mut changes = BTreeSet::new();
    let mut buffer = [0; DATAGRAM];
    for _ in 0..BURST {
        match recvfrom::<NetlinkAddr>(socket.as_raw_fd(), &mut buffer) {
            Ok((length, sender)) if sender.is_some_and(|s| s.pid() == 0) => {
                let datagram = buffer.get(..length).unwrap_or(&buffer);
                changes.extend(Messages(datagram).flat_map(of_message));
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(Errno::ENOBUFS) => {
                changes.insert(Change::Overrun);
            }
            Err(Errno::EAGAIN) => return Ok((changes, true)),
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok((changes, false))
}

/// The messages in a datagram: their kinds, and what follows their headers.
struct Messages<'a>(&'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (header, _) = self.0.split_first_chunk::<HEADER_LEN>()?;
        let (length, rest) = header.split_first_chunk()?;
        let (kind, _) = rest.split_first_chunk()?;
        let length = u32::from_ne_bytes(*length) as usize;
        let step = length.max(HEADER_LEN).saturating_add(3) & !3;
        let message = self.0.get(..length).unwrap_or(self.0);
        self.0 = self.0.get(step..).unwrap_or_default();
        let content = message.get(HEADER_LEN..).unwrap_or_default();
        Some((u16::from_ne_bytes(*kind), content))
    }
}

/// What a message says has changed.
fn of_message((kind, content): (u16, &[u8])) -> impl Iterator<Item = Change> + use<> {
    let unresolved = (kind == libc::RTM_NEWNEIGH).then(|| neighbour::failed(content));
    change(kind, content)
        .into_iter()
        .chain(unresolved.flatten())
}

/// What a message of this kind says has changed.
fn change(kind: u16, content: &[u8]) -> Option<Change> {
    match kind {
        libc::RTM_NEWLINK | libc::RTM_DELLINK => Some(Change::Links),
        libc::RTM_NEWADDR | libc::RTM_DELADDR => Some(Change::Addresses),
        libc::RTM_NEWROUTE | libc::RTM_DELROUTE => Some(Change::Routes),
        libc::RTM_NEWNETCONF => Some(Change::Settings),
        libc::RTM_NEWNEIGH | libc::RTM_DELNEIGH => Some(Change::Neighbours {
            index: neighbour::index(content)?,
        }),
        _ if i32::from(kind) == libc::NLMSG_OVERRUN => Some(Change::Overrun),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::super::addresses::Lifetimes;
    use super::super::{Change as Request, Netlink, netns, sysctl, tun};
    use super::*;

    const QUIET: Duration = Duration::from_millis(50);

    #[test]
    fn a_burst_is_one_set_and_then_there_is_silence() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let events = Events::subscribe().unwrap();
            assert!(timeout(QUIET, events.next()).await.is_err());
            tun::open("isatap0").unwrap();
            let index = netlink.link("isatap0").await.unwrap().unwrap().index;
            netlink.set_up(index, true).await.unwrap();
            let address = "2001:db8::1".parse().unwrap();
            let lifetimes = Lifetimes::default();
            let added = netlink.change(Request::put_ipv6_address(index, address, 64, lifetimes));
            added.await.unwrap();
            tokio::time::sleep(QUIET).await;
            let changes = events.next().await.unwrap();
            let expected = [Change::Links, Change::Addresses, Change::Routes];
            assert!(changes.is_superset(&expected.into()), "{changes:?}");
            assert!(!changes.contains(&Change::Overrun));
            assert!(timeout(QUIET, events.next()).await.is_err());
        });
    }

    #[test]
    fn forwarding_that_is_switched_is_news() {
        netns::in_new(|| async {
            let events = Events::subscribe().unwrap();
            sysctl::write("net/ipv6/conf/lo/forwarding", "1").unwrap();
            assert_eq!(events.next().await.unwrap(), [Change::Settings].into());
            sysctl::write("net/ipv6/conf/all/forwarding", "0").unwrap();
            assert!(timeout(QUIET, events.next()).await.is_err(), "it was off");
        });
    }

    #[test]
    fn a_neighbour_that_arp_does_not_find_is_named() {
        netns::in_new(|| async {
            let ip = |line: &str| {
                let words = line.split_whitespace();
                let done = std::process::Command::new("ip").args(words).status();
                assert!(done.unwrap().success(), "{line}");
            };
            ip("link add one type veth peer name two");
            ip("link set one up");
            ip("link set two up");
            ip("addr add 10.0.0.1/24 dev one");
            ip("neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev one nud reachable");
            ip("-6 neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev one nud reachable");
            let events = Events::subscribe().unwrap();
            let netlink = Netlink::connect().unwrap();
            let index = netlink.link("one").await.unwrap().unwrap().index;
            ip("-6 neigh replace 2001:db8::9 dev one nud failed");
            ip("neigh replace 10.0.0.9 lladdr 02:00:00:00:00:08 dev one nud stale");
            tokio::time::sleep(QUIET).await;
            let others = events.next().await.unwrap();
            assert!(others.contains(&Change::Neighbours { index }), "{others:?}");
            let named = |change: &Change| matches!(change, Change::Unresolved { .. });
            assert!(!others.iter().any(named), "{others:?}");
            ip("neigh replace 10.0.0.9 dev one nud failed");
            let ipv4 = Ipv4Addr::new(10, 0, 0, 9);
            let changes = events.next().await.unwrap();
            let expected = [
                Change::Neighbours { index },
                Change::Unresolved { index, ipv4 },
            ];
            assert!(changes.is_superset(&expected.into()), "{changes:?}");
        });
    }

    #[test]
    fn lost_messages_are_reported_and_the_subscription_goes_on() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let events = Events::subscribe().unwrap();
            let small = setsockopt(events.socket.get_ref(), sockopt::RcvBufForce, &2048);
            small.unwrap();
            for mtu in 1300..1400 {
                netlink.set_mtu(1, mtu).await.unwrap();
            }
            let changes = events.next().await.unwrap();
            assert!(changes.contains(&Change::Overrun), "{changes:?}");
            netlink.set_mtu(1, 1500).await.unwrap();
            let changes = events.next().await.unwrap();
            assert_eq!(changes, [Change::Links].into());
        });
    }

    #[test]
    fn any_bytes_end() {
        for length in 0..64 {
            for byte in [0, 1, 0xff] {
                let datagram = vec![byte; length];
                assert!(Messages(&datagram).count() <= length / HEADER_LEN);
            }
        }
    }
}
