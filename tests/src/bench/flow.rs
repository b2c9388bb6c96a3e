//! Which packets take a way.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context as _, Result};

use crate::bpf::Spread;
use crate::packet::{Inner, Outer};
use crate::site::{HOST_A, ROUTER, SERVER, isatap_address};

/// The last octets of each, by which a sink knows them.
pub const MARK: [u8; 4] = *b"isat";
/// Octets of a frame before a payload of UDP, outer header included: no router changes more.
pub const HEADERS: usize = 14 + OUTER + 40 + 8;
/// Octets of an IPv4 header.
pub const OUTER: usize = 20;
/// A network behind the server, 48 bits long.
pub const BEHIND_SERVER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xabcd, 0, 0, 0, 0, 0);

const PORT: u16 = 9;
/// In an IPv6 address.
const U_BIT: u128 = 0x0200 << 48;
/// Of which no address is anybody's in a site.
pub const MANY_HOSTS: Ipv4Addr = Ipv4Addr::new(10, 128, 0, 0);

/// UDP between a host of the link and a server behind the router.
#[derive(Clone, Debug)]
pub struct Flow {
    host: Ipv4Addr,
    server: Ipv6Addr,
    payload: Vec<u8>,
    many: Many,
    is_other_form: bool,
}

/// What differs from packet to packet, and how many there are of it.
#[derive(Clone, Copy, Debug)]
enum Many {
    Nothing,
    Hosts(u32),
    Servers(u32),
}

impl Default for Flow {
    /// From one address to one, 66 octets of frame, 86 with the outer header.
    fn default() -> Self {
        Self {
            host: HOST_A,
            server: SERVER,
            payload: MARK.to_vec(),
            many: Many::Nothing,
            is_other_form: false,
        }
    }
}

impl Flow {
    /// Of another host.
    #[must_use]
    pub fn of_host(self, host: Ipv4Addr) -> Self {
        Self { host, ..self }
    }

    /// With another server.
    #[must_use]
    pub fn with_server(self, server: Ipv6Addr) -> Self {
        Self { server, ..self }
    }

    /// Of so many hosts, a power of two, each packet of another one.
    #[must_use]
    pub fn of_hosts(self, hosts: u32) -> Self {
        self.of_hosts_from(MANY_HOSTS, hosts)
    }

    /// The same from any first one on, whose last bits are clear.
    #[must_use]
    pub fn of_hosts_from(self, first: Ipv4Addr, hosts: u32) -> Self {
        Self {
            host: first,
            many: Many::Hosts(hosts),
            ..self
        }
    }

    /// With so many servers in [`BEHIND_SERVER`], a power of two, each packet with another one.
    #[must_use]
    pub fn with_servers(self, servers: u32) -> Self {
        Self {
            server: BEHIND_SERVER,
            many: Many::Servers(servers),
            ..self
        }
    }

    /// To the addresses of the hosts with the other value of the u bit.
    #[must_use]
    pub fn in_other_form(self) -> Self {
        Self {
            is_other_form: true,
            ..self
        }
    }

    /// In frames of so many octets, outer header included.
    #[must_use]
    pub fn in_frames_of(self, octets: usize) -> Self {
        let mut payload = vec![0; octets.saturating_sub(HEADERS + MARK.len())];
        payload.extend(MARK);
        Self { payload, ..self }
    }

    /// From the host, protocol 41; and what differs in a frame of it.
    pub fn inward(&self) -> Result<(Vec<u8>, Option<Spread>)> {
        // The identification makes up for the address.
        let outer = Outer::new(self.host, ROUTER).identification(0xffff);
        let packet = outer.packet(&self.inward_plain()?)?;
        let spread = match self.many {
            Many::Nothing => None,
            Many::Hosts(hosts) => {
                let places = vec![26, 54];
                Some(Spread::new(self.host.to_bits(), hosts, places)?.balanced(18))
            }
            Many::Servers(servers) => Some(Spread::new(low(self.server)?, servers, vec![70])?),
        };
        Ok((packet, spread))
    }

    /// The same packet without the outer header.
    pub fn inward_plain(&self) -> Result<Vec<u8>> {
        let inner = Inner::new(isatap_address(self.host), self.server);
        inner.udp(PORT, PORT, &self.payload).packet()
    }

    /// To the host, IPv6; and what differs in a frame of it.
    pub fn outward(&self) -> Result<(Vec<u8>, Option<Spread>)> {
        let mut host = isatap_address(self.host).to_bits();
        if self.is_other_form {
            host ^= U_BIT;
        }
        let inner = Inner::new(self.server, host.into());
        let spread = match self.many {
            Many::Nothing => None,
            Many::Hosts(hosts) => Some(Spread::new(self.host.to_bits(), hosts, vec![50])?),
            Many::Servers(servers) => Some(Spread::new(low(self.server)?, servers, vec![34])?),
        };
        Ok((inner.udp(PORT, PORT, &self.payload).packet()?, spread))
    }
}

/// One packet of its kind between any two addresses.
pub fn packet(source: Ipv6Addr, destination: Ipv6Addr) -> Result<Vec<u8>> {
    Inner::new(source, destination)
        .udp(PORT, PORT, &MARK)
        .packet()
}

/// The last four octets as a number.
fn low(address: Ipv6Addr) -> Result<u32> {
    let low = address.octets().last_chunk().copied();
    low.map(u32::from_be_bytes).context("a short address")
}
