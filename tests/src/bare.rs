//! A host without a daemon: it says and hears what a test wants.

use std::io::{ErrorKind, Read as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use socket2::{Domain, Protocol, Socket, Type};

use crate::interrupt;
use crate::ns::Inside;
use crate::packet::{Inner, Outer};

const PROTOCOL_41: i32 = 41;
const OUTER: usize = 20;
const INNER: usize = 40;
const ICMPV6: u8 = 58;

/// The host.
#[derive(Debug)]
pub struct BareHost {
    ipv4: Ipv4Addr,
    ear: Socket,
    mouth: Socket,
}

/// An ICMPv6 message that came through the tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The IPv4 sender.
    pub outer_source: Ipv4Addr,
    /// The IPv6 sender.
    pub source: Ipv6Addr,
    /// The IPv6 receiver.
    pub destination: Ipv6Addr,
    /// The hop limit it arrived with.
    pub hop_limit: u8,
    /// From the ICMPv6 type on.
    pub bytes: Vec<u8>,
}

impl BareHost {
    /// In a namespace that has this IPv4 address and no other host.
    pub fn new(inside: &Inside, ipv4: Ipv4Addr) -> Result<Self> {
        inside.enter(|| {
            let ear = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(PROTOCOL_41)))?;
            // IPPROTO_RAW
            let mouth = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255)))?;
            mouth.set_header_included_v4(true)?;
            Ok(Self { ipv4, ear, mouth })
        })
    }

    /// Its link-local address.
    pub fn link_local(&self) -> Ipv6Addr {
        link_local(self.ipv4)
    }

    /// Sends a packet through the tunnel.
    pub fn say(&self, to: Ipv4Addr, inner: &Inner) -> Result<()> {
        let packet = Outer::new(self.ipv4, to).packet(&inner.packet()?)?;
        let to = SocketAddrV4::new(to, 0).into();
        self.mouth.send_to(&packet, &to)?;
        Ok(())
    }

    /// Asks a router for an advertisement.
    pub fn solicit(&self, router: Ipv4Addr) -> Result<()> {
        let inner = Inner::new(self.link_local(), link_local(router));
        self.say(router, &inner.icmp(133, 0, &[0; 4]))
    }

    /// The first ICMPv6 message of this type that comes in time.
    pub fn hear(&mut self, icmp_type: u8, within: Duration) -> Result<Option<Heard>> {
        self.hear_that(within, |heard| heard.bytes.first() == Some(&icmp_type))
    }

    /// The first ICMPv6 message in time that is wanted.
    pub fn hear_that(
        &mut self,
        within: Duration,
        wanted: impl Fn(&Heard) -> bool,
    ) -> Result<Option<Heard>> {
        let end = Instant::now() + within;
        let mut buffer = [0; 2048];
        while Instant::now() < end {
            interrupt::check()?;
            self.ear.set_read_timeout(Some(Duration::from_millis(20)))?;
            let length = match self.ear.read(&mut buffer) {
                Ok(length) => length,
                // A process that was stopped and goes on is interrupted.
                Err(error)
                    if [ErrorKind::WouldBlock, ErrorKind::Interrupted].contains(&error.kind()) =>
                {
                    continue;
                }
                Err(error) => return Err(error).context("the ear of a bare host"),
            };
            let heard = buffer.get(..length).and_then(parse);
            if let Some(heard) = heard.filter(&wanted) {
                return Ok(Some(heard));
            }
        }
        Ok(None)
    }
}

/// Of a private IPv4 address (RFC 5214 section 6.1).
pub fn link_local(ipv4: Ipv4Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(0xfe80 << 112 | 0x5efe << 32 | u128::from(ipv4.to_bits()))
}

fn parse(packet: &[u8]) -> Option<Heard> {
    let (outer, rest) = packet.split_first_chunk::<OUTER>()?;
    let (inner, bytes) = rest.split_first_chunk::<INNER>()?;
    let (source, destination) = inner.get(8..)?.split_first_chunk::<16>()?;
    let destination: &[u8; 16] = destination.try_into().ok()?;
    let outer_source: [u8; 4] = outer.get(12..16)?.try_into().ok()?;
    (inner.get(6) == Some(&ICMPV6)).then(|| Heard {
        outer_source: outer_source.into(),
        source: (*source).into(),
        destination: (*destination).into(),
        hop_limit: inner.get(7).copied().unwrap_or_default(),
        bytes: bytes.to_vec(),
    })
}
