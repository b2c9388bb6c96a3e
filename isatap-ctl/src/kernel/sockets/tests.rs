//! Packets written into a TUN device arrive at the sockets, and the other way round.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::unistd::{read, write};
use tokio::time::timeout;

use super::{Icmpv6Socket, Protocol41Socket};
use crate::kernel::addresses::Lifetimes;
use crate::kernel::routes::{Beside, Ipv6Route, Preference, RT_TABLE_MAIN, RTPROT_ISATAP};
use crate::kernel::{Change, Netlink, netns, sysctl, tun};

const ROUTER_SOLICITATION: u8 = 133;
const ECHO_REQUEST: u8 = 128;
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const OURS: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0x5efe, 0x0a00, 1);
const THEIRS: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0x5efe, 0x0a00, 2);
const MOMENT: Duration = Duration::from_secs(30);
const QUIET: Duration = Duration::from_millis(50);

/// A device that is up and has [`OURS`].
async fn device(netlink: &Netlink) -> (OwnedFd, u32) {
    let fd = tun::open("isatap0").unwrap();
    let index = netlink.link("isatap0").await.unwrap().unwrap().index;
    netlink.set_generates_addresses(index, false).await.unwrap();
    netlink.set_up(index, true).await.unwrap();
    let added = netlink.change(Change::put_ipv6_address(
        index,
        OURS,
        64,
        Lifetimes::default(),
    ));
    added.await.unwrap();
    listens().await;
    let on_link = Ipv6Route {
        destination: "fe80::/64".parse().unwrap(),
        gateway: None,
        metric: 256,
        protocol: RTPROT_ISATAP,
        preference: Preference::Medium,
        table: RT_TABLE_MAIN,
    };
    let added = netlink.change(Change::add_route(index, &on_link, Beside::Refused));
    added.await.unwrap();
    (fd, index)
}

/// Waits until packets to [`OURS`] are delivered, which the kernel arranges in the background.
async fn listens() {
    let ours = OURS.octets().map(|byte| format!("{byte:02x}")).concat();
    let routes = || std::fs::read_to_string("/proc/thread-self/net/ipv6_route").unwrap();
    while !routes().contains(&ours) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The Internet checksum of `bytes`.
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let words = bytes.chunks(2);
    let sum: u32 = words
        .map(|w| u32::from(w[0]) << 8 | u32::from(*w.get(1).unwrap_or(&0)))
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    (!((folded & 0xffff) + (folded >> 16)) as u16).to_be_bytes()
}

/// An ICMPv6 packet from [`THEIRS`] whose message is the type and seven zeros.
fn icmpv6(kind: u8, destination: Ipv6Addr) -> Vec<u8> {
    let addresses = [THEIRS.octets(), destination.octets()].concat();
    let mut message = vec![kind, 0, 0, 0, 0, 0, 0, 0];
    let pseudo = [&addresses, &[0, 0, 0, 8, 0, 0, 0, 58][..], &message].concat();
    message[2..4].copy_from_slice(&checksum(&pseudo));
    [&[0x60, 0, 0, 0, 0, 8, 58, 255][..], &addresses, &message].concat()
}

/// A fragment of a protocol 41 datagram to 192.0.2.1; the offset is in units of 8 bytes.
fn fragment(offset: u16, more: bool, payload: &[u8]) -> Vec<u8> {
    let [a, b] = (offset | u16::from(more) << 13).to_be_bytes();
    let length = 20 + u8::try_from(payload.len()).unwrap();
    let mut header = vec![0x45, 0, 0, length, 0, 7, a, b, 64, 41, 0, 0];
    header.extend([192, 0, 2, 2, 192, 0, 2, 1]);
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum);
    [&header, payload].concat()
}

#[test]
fn a_solicitation_arrives_with_all_that_has_to_be_checked() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let (fd, index) = device(&netlink).await;
        let types = [ROUTER_SOLICITATION];
        let socket = Icmpv6Socket::open("isatap0", index, &types, Some(ALL_ROUTERS)).unwrap();
        write(&fd, &icmpv6(ECHO_REQUEST, OURS)).unwrap();
        for destination in [ALL_ROUTERS, OURS] {
            let packet = icmpv6(ROUTER_SOLICITATION, destination);
            write(&fd, &packet).unwrap();
            let got = timeout(MOMENT, socket.recv()).await.unwrap().unwrap();
            let [got] = &got[..] else {
                panic!("one message")
            };
            assert_eq!(got.source, THEIRS);
            assert_eq!(got.destination, Some(destination));
            assert_eq!(got.hop_limit, Some(255));
            assert_eq!((&*got.bytes, got.truncated), (&packet[40..], false));
        }
        assert!(timeout(QUIET, socket.recv()).await.is_err());
    });
}

#[test]
fn messages_come_in_bursts_and_those_without_room_are_counted() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let (fd, index) = device(&netlink).await;
        let types = [ROUTER_SOLICITATION];
        let socket = Icmpv6Socket::open("isatap0", index, &types, Some(ALL_ROUTERS)).unwrap();
        let receive = || async { timeout(MOMENT, socket.recv()).await.unwrap().unwrap() };
        let packet = icmpv6(ROUTER_SOLICITATION, OURS);
        for _ in 0..300 {
            write(&fd, &packet).unwrap();
        }
        let bursts = [receive().await, receive().await];
        assert_eq!(bursts.each_ref().map(Vec::len), [256, 44]);
        assert!(bursts.iter().flatten().all(|message| message.lost == 0));
        socket.shrink();
        for _ in 0..100 {
            write(&fd, &packet).unwrap();
        }
        let kept = u32::try_from(receive().await.len()).unwrap();
        assert!(kept < 64, "{kept}");
        write(&fd, &packet).unwrap();
        assert_eq!(receive().await[0].lost, 100 - kept);
    });
}

#[test]
fn messages_of_other_interfaces_and_groups_do_not_arrive() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let (fd, _) = device(&netlink).await;
        let types = [ROUTER_SOLICITATION];
        netlink.set_up(1, true).await.unwrap();
        let elsewhere = Icmpv6Socket::open("lo", 1, &types, Some(ALL_ROUTERS)).unwrap();
        write(&fd, &icmpv6(ROUTER_SOLICITATION, OURS)).unwrap();
        write(&fd, &icmpv6(ROUTER_SOLICITATION, ALL_ROUTERS)).unwrap();
        assert!(timeout(QUIET, elsewhere.recv()).await.is_err());
    });
}

#[test]
fn a_message_leaves_with_source_hop_limit_and_checksum() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let (fd, index) = device(&netlink).await;
        let more = "fe80::5efe:a00:9".parse().unwrap();
        let added = netlink.change(Change::put_ipv6_address(
            index,
            more,
            64,
            Lifetimes::default(),
        ));
        added.await.unwrap();
        let socket = Icmpv6Socket::open("isatap0", index, &[], None).unwrap();
        let message = icmpv6(134, THEIRS)[40..].to_vec();
        for (source, destination) in [(OURS, THEIRS), (more, THEIRS), (more, ALL_ROUTERS)] {
            let sent = socket.send(source, destination, index, &message);
            let sent = sent.await;
            sent.unwrap_or_else(|e| panic!("{source} to {destination}: {e}"));
            let packet = next_icmpv6(&fd, 134);
            assert_eq!(packet[7], 255, "hop limit");
            assert_eq!(packet[8..24], source.octets());
            assert_eq!(packet[24..40], destination.octets());
            let pseudo = [&packet[8..40], &[0, 0, 0, 8, 0, 0, 0, 58], &packet[40..]].concat();
            assert_eq!(checksum(&pseudo), [0, 0]);
        }
        let foreign = socket.send(ALL_ROUTERS, THEIRS, index, &message).await;
        assert!(foreign.is_err());
    });
}

/// The next ICMPv6 packet of this type; the kernel sends reports of its own.
fn next_icmpv6(fd: &OwnedFd, kind: u8) -> Vec<u8> {
    let mut buffer = [0; 2048];
    loop {
        let length = read(fd, &mut buffer).unwrap();
        let packet = &buffer[..length];
        if packet[6] == 58 && packet[40] == kind {
            return packet.to_vec();
        }
    }
}

#[test]
fn fragments_arrive_as_one_datagram_with_its_interface() {
    netns::in_new(|| async {
        let netlink = Netlink::connect().unwrap();
        let (fd, index) = device(&netlink).await;
        sysctl::write("net/ipv4/conf/isatap0/rp_filter", "0").unwrap();
        let ours = Ipv4Addr::new(192, 0, 2, 1);
        netlink.put_ipv4_address(index, ours, 24).await.unwrap();
        let socket = Protocol41Socket::open().unwrap();
        write(&fd, &fragment(0, true, &[6; 16])).unwrap();
        assert!(timeout(QUIET, socket.recv()).await.is_err());
        write(&fd, &fragment(2, false, &[7; 5])).unwrap();
        let got = timeout(MOMENT, socket.recv()).await.unwrap().unwrap();
        assert_eq!((got.index, got.truncated), (Some(index), false));
        assert_eq!(got.bytes.len(), 20 + 21);
        assert_eq!(got.bytes[12..20], [192, 0, 2, 2, 192, 0, 2, 1]);
        assert_eq!(got.bytes[20..], [[6; 16].as_slice(), &[7; 5]].concat());
    });
}
