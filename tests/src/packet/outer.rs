use std::net::Ipv4Addr;

use anyhow::{Result, bail};
use etherparse::{IpDscp, IpEcn, IpFragOffset, IpNumber, Ipv4Header};

const PROTOCOL: IpNumber = IpNumber::IPV6;

/// An IPv4 header for an IPv6 packet.
#[derive(Clone, Debug)]
pub struct Outer {
    header: Ipv4Header,
    bad_checksum: bool,
    said_length: Option<u16>,
    trailer: usize,
}

impl Outer {
    /// Protocol 41, TTL 64, DF clear, identification 0.
    pub fn new(source: Ipv4Addr, destination: Ipv4Addr) -> Self {
        let header = Ipv4Header {
            source: source.octets(),
            destination: destination.octets(),
            protocol: PROTOCOL,
            time_to_live: 64,
            ..Ipv4Header::default()
        };
        let header = Ipv4Header {
            dont_fragment: false,
            ..header
        };
        Self {
            header,
            bad_checksum: false,
            said_length: None,
            trailer: 0,
        }
    }

    /// With this time to live.
    #[must_use]
    pub fn ttl(mut self, ttl: u8) -> Self {
        self.header.time_to_live = ttl;
        self
    }

    /// With these DSCP and ECN bits.
    #[must_use]
    pub fn tos(mut self, octet: u8) -> Self {
        self.header.dscp = IpDscp::try_new(octet >> 2).unwrap_or_default();
        self.header.ecn = IpEcn::try_new(octet & 3).unwrap_or_default();
        self
    }

    /// With another protocol than 41.
    #[must_use]
    pub fn protocol(mut self, protocol: u8) -> Self {
        self.header.protocol = IpNumber(protocol);
        self
    }

    /// With this identification.
    #[must_use]
    pub fn identification(mut self, identification: u16) -> Self {
        self.header.identification = identification;
        self
    }

    /// With DF set.
    #[must_use]
    pub fn dont_fragment(mut self) -> Self {
        self.header.dont_fragment = true;
        self
    }

    /// As a fragment: the offset in units of 8 octets, and whether more follow.
    #[must_use]
    pub fn fragment(mut self, offset: u16, more: bool) -> Self {
        self.header.fragment_offset = IpFragOffset::try_new(offset & 0x1fff).unwrap_or_default();
        self.header.more_fragments = more;
        self
    }

    /// With options, whose length is a multiple of 4 up to 40.
    pub fn options(mut self, options: &[u8]) -> Result<Self> {
        self.header.options = options.try_into()?;
        Ok(self)
    }

    /// With a header checksum that is wrong.
    #[must_use]
    pub fn bad_checksum(mut self) -> Self {
        self.bad_checksum = true;
        self
    }

    /// Claims a total length other than the true one.
    #[must_use]
    pub fn total_length(mut self, said: u16) -> Self {
        self.said_length = Some(said);
        self
    }

    /// Appends zeros that the total length does not count, as Ethernet pads short frames.
    #[must_use]
    pub fn padding(mut self, octets: usize) -> Self {
        self.trailer = octets;
        self
    }

    /// The octets around this payload, from the IPv4 header on.
    pub fn packet(&self, payload: &[u8]) -> Result<Vec<u8>> {
        let mut header = self.header.clone();
        header.set_payload_len(payload.len())?;
        if let Some(said) = self.said_length {
            header.total_len = said;
        }
        header.header_checksum = header.calc_header_checksum();
        if self.bad_checksum {
            header.header_checksum ^= 0x0101;
        }
        let mut octets = Vec::new();
        header.write_raw(&mut octets)?;
        octets.extend_from_slice(payload);
        octets.resize(octets.len() + self.trailer, 0);
        Ok(octets)
    }

    /// The fragments of this payload, each with at most so many octets of it.
    pub fn fragments(&self, payload: &[u8], most: usize) -> Result<Vec<Vec<u8>>> {
        let step = most / 8 * 8;
        if step == 0 {
            bail!("a fragment has at least 8 octets");
        }
        let last = payload.len().div_ceil(step).saturating_sub(1);
        let parts = payload.chunks(step).enumerate();
        parts
            .map(|(index, part)| {
                let offset = u16::try_from(index * step / 8)?;
                self.clone().fragment(offset, index < last).packet(part)
            })
            .collect()
    }
}
