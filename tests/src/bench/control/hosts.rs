//! Hosts that ask for an advertisement, and what they get.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use socket2::{Domain, Protocol, Socket, Type};

use crate::interrupt;
use crate::packet::{Inner, Outer};
use crate::site::ROUTER;

/// Hosts that ask in a second.
pub const RATE: u32 = 1000;
/// The network that all of them are in.
pub const NETWORK: &str = "10.64.0.0/10";
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 1);
const PROTOCOL_41: i32 = 41;
const SOLICITATION: u8 = 133;
const ADVERTISEMENT: u8 = 134;
/// Where the ICMPv6 type is in an IPv4 packet without options.
const TYPE: usize = 60;
const RECEIVE_BUFFER: usize = 8 << 20;

/// When each host asked, or got its first answer.
pub type Times = BTreeMap<Ipv4Addr, Instant>;

/// The question of each host.
pub fn solicitations(hosts: u32) -> Result<Vec<(Ipv4Addr, Vec<u8>)>> {
    let first = FIRST.to_bits();
    let solicitation = |bits| {
        let host = Ipv4Addr::from_bits(bits);
        let inner = Inner::new(link_local(host), link_local(ROUTER));
        let inner = inner.icmp(SOLICITATION, 0, &[0; 4]).packet()?;
        Ok((host, Outer::new(host, ROUTER).packet(&inner)?))
    };
    (first..first + hosts).map(solicitation).collect()
}

/// Of a private IPv4 address (RFC 5214 section 6.1).
fn link_local(host: Ipv4Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(0xfe80 << 112 | 0x5efe << 32 | u128::from(host.to_bits()))
}

/// Asks [`RATE`] times a second, by the clock and not by the sleep.
pub fn ask(packets: &[(Ipv4Addr, Vec<u8>)]) -> Result<Times> {
    // IPPROTO_RAW
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255)))?;
    socket.set_header_included_v4(true)?;
    let to = SocketAddrV4::new(ROUTER, 0).into();
    let mut asked = Times::new();
    let mut due = Instant::now();
    for (host, packet) in packets {
        interrupt::check()?;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        socket.send_to(packet, &to)?;
        asked.insert(*host, Instant::now());
        due += Duration::from_secs(1) / RATE;
    }
    Ok(asked)
}

/// The first advertisement to each host that arrives in time.
pub fn listen(until: Instant) -> Result<Times> {
    let mut socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(PROTOCOL_41)))?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_read_timeout(Some(Duration::from_millis(50)))?;
    let (mut answered, mut buffer) = (Times::new(), [0; 2048]);
    while Instant::now() < until {
        interrupt::check()?;
        let length = match socket.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.into()),
        };
        let packet = buffer.get(..length).unwrap_or_default();
        if let Some(host) = advertised_to(packet) {
            answered.entry(host).or_insert_with(Instant::now);
        }
    }
    Ok(answered)
}

/// The host to whose IPv4 address an advertisement was sent.
fn advertised_to(packet: &[u8]) -> Option<Ipv4Addr> {
    let destination: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
    (packet.get(TYPE) == Some(&ADVERTISEMENT)).then(|| destination.into())
}
