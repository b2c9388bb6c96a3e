use std::net::Ipv6Addr;

use anyhow::Result;
use etherparse::{
    IcmpEchoHeader, Icmpv6Header, Icmpv6Type, IpNumber, Ipv6FlowLabel, Ipv6Header, TcpHeader,
    UdpHeader,
};

/// An IPv6 packet.
#[derive(Clone, Debug)]
pub struct Inner {
    header: Ipv6Header,
    payload: Payload,
    said_length: Option<u16>,
}

#[derive(Clone, Debug)]
enum Payload {
    Icmp(Icmpv6Type, Vec<u8>),
    Udp(u16, u16, Vec<u8>),
    Tcp(Box<TcpHeader>, Vec<u8>),
    Raw(Vec<u8>),
}

impl Inner {
    /// Without payload ("no next header"), hop limit 64.
    pub fn new(source: Ipv6Addr, destination: Ipv6Addr) -> Self {
        let header = Ipv6Header {
            source: source.octets(),
            destination: destination.octets(),
            next_header: IpNumber::IPV6_NO_NEXT_HEADER,
            hop_limit: 64,
            ..Ipv6Header::default()
        };
        Self {
            header,
            payload: Payload::Raw(Vec::new()),
            said_length: None,
        }
    }

    /// With this hop limit.
    #[must_use]
    pub fn hop_limit(mut self, hop_limit: u8) -> Self {
        self.header.hop_limit = hop_limit;
        self
    }

    /// With these DSCP and ECN bits.
    #[must_use]
    pub fn traffic_class(mut self, octet: u8) -> Self {
        self.header.traffic_class = octet;
        self
    }

    /// With this flow label, its low 20 bits.
    #[must_use]
    pub fn flow_label(mut self, label: u32) -> Self {
        self.header.flow_label = Ipv6FlowLabel::try_new(label & 0xf_ffff).unwrap_or_default();
        self
    }

    /// An echo request.
    #[must_use]
    pub fn echo_request(self, id: u16, seq: u16, data: &[u8]) -> Self {
        self.icmp_type(Icmpv6Type::EchoRequest(IcmpEchoHeader { id, seq }), data)
    }

    /// Any ICMPv6 message: type, code, and what follows the checksum, at least 4 octets of it.
    /// Neighbor Discovery (133 to 137) is sent with hop limit 255.
    #[must_use]
    pub fn icmp(mut self, type_u8: u8, code_u8: u8, body: &[u8]) -> Self {
        if (133..=137).contains(&type_u8) {
            self.header.hop_limit = 255;
        }
        let (bytes5to8, rest) = body
            .split_first_chunk()
            .map_or(([0; 4], body), |(first, rest)| (*first, rest));
        self.icmp_type(
            Icmpv6Type::Unknown {
                type_u8,
                code_u8,
                bytes5to8,
            },
            rest,
        )
    }

    /// A UDP datagram.
    #[must_use]
    pub fn udp(self, source_port: u16, destination_port: u16, data: &[u8]) -> Self {
        self.with(
            IpNumber::UDP,
            Payload::Udp(source_port, destination_port, data.to_vec()),
        )
    }

    /// A TCP segment with PSH and ACK.
    #[must_use]
    pub fn tcp(self, source_port: u16, destination_port: u16, data: &[u8]) -> Self {
        let mut header = TcpHeader::new(source_port, destination_port, 1, 65_535);
        header.ack = true;
        header.psh = true;
        self.with(IpNumber::TCP, Payload::Tcp(Box::new(header), data.to_vec()))
    }

    /// Any octets as the payload of any next header.
    #[must_use]
    pub fn raw(self, next_header: u8, octets: &[u8]) -> Self {
        self.with(IpNumber(next_header), Payload::Raw(octets.to_vec()))
    }

    /// Claims a payload length other than the true one.
    #[must_use]
    pub fn payload_length(mut self, said: u16) -> Self {
        self.said_length = Some(said);
        self
    }

    /// The octets, checksums filled in.
    pub fn packet(&self) -> Result<Vec<u8>> {
        let payload = self.payload()?;
        let mut header = self.header.clone();
        header.set_payload_length(payload.len())?;
        if let Some(said) = self.said_length {
            header.payload_length = said;
        }
        Ok([&header.to_bytes(), payload.as_slice()].concat())
    }

    fn icmp_type(self, kind: Icmpv6Type, data: &[u8]) -> Self {
        self.with(IpNumber::IPV6_ICMP, Payload::Icmp(kind, data.to_vec()))
    }

    fn with(mut self, next_header: IpNumber, payload: Payload) -> Self {
        self.header.next_header = next_header;
        self.payload = payload;
        self
    }

    fn payload(&self) -> Result<Vec<u8>> {
        let (source, destination) = (self.header.source, self.header.destination);
        Ok(match &self.payload {
            Payload::Icmp(kind, data) => {
                let header = Icmpv6Header::with_checksum(*kind, source, destination, data)?;
                [&header.to_bytes(), data.as_slice()].concat()
            }
            Payload::Udp(from, to, data) => {
                let header = UdpHeader::with_ipv6_checksum(*from, *to, &self.header, data)?;
                [&header.to_bytes(), data.as_slice()].concat()
            }
            Payload::Tcp(header, data) => {
                let mut header = header.clone();
                header.checksum = header.calc_checksum_ipv6(&self.header, data)?;
                [&header.to_bytes(), data.as_slice()].concat()
            }
            Payload::Raw(octets) => octets.clone(),
        })
    }
}
