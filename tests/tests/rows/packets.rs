//! Packets made by a library that the product does not use.

use std::net::{Ipv4Addr, Ipv6Addr};

use etherparse::{
    EtherType, Ethernet2Header, IpFragOffset, IpNumber, Ipv4Header, Ipv4Options, Ipv6Header,
    PacketBuilder,
};

/// The IPv4 gateway's end of the uplink.
pub const GATEWAY_MAC: [u8; 6] = [2, 0, 0, 0, 9, 1];
/// The native server.
pub const SERVER_MAC: [u8; 6] = [2, 0, 0, 0, 0xf, 1];
/// Our uplink.
pub const UPLINK_MAC: [u8; 6] = [2, 0, 0, 0, 9, 2];
/// Our native NIC.
pub const NATIVE_MAC: [u8; 6] = [2, 0, 0, 0, 0xf, 0xfe];

/// An IPv6 packet, to be changed field by field.
#[derive(Clone)]
pub struct Inner {
    pub header: Ipv6Header,
    pub payload: Vec<u8>,
}

/// Protocol 41 around it, to be changed field by field.
#[derive(Clone)]
pub struct Outer {
    pub header: Ipv4Header,
    pub inner: Inner,
    /// Behind the inner packet, inside the outer one.
    pub padding: Vec<u8>,
    /// Behind the outer packet, inside the frame.
    pub trailer: Vec<u8>,
    /// Added to the right header checksum.
    pub checksum_error: u16,
    /// What the inner header says.
    pub version: u8,
}

/// A UDP datagram of 32 octets.
pub fn udp(source: &str, destination: &str) -> Inner {
    let mut bytes = Vec::new();
    PacketBuilder::ipv6(v6(source).octets(), v6(destination).octets(), 64)
        .udp(4000, 5000)
        .write(&mut bytes, &[7; 32])
        .unwrap();
    Inner::read(&bytes)
}

/// A TCP segment with so many octets of payload and no options.
pub fn tcp(source: &str, destination: &str, length: usize) -> Inner {
    let mut bytes = Vec::new();
    PacketBuilder::ipv6(v6(source).octets(), v6(destination).octets(), 64)
        .tcp(4000, 5000, 1, 1024)
        .write(&mut bytes, &vec![7; length])
        .unwrap();
    Inner::read(&bytes)
}

/// An ICMPv6 message with hop limit 255.
pub fn icmp(source: &str, destination: &str, kind: u8, body: &[u8]) -> Inner {
    let mut bytes = Vec::new();
    PacketBuilder::ipv6(v6(source).octets(), v6(destination).octets(), 255)
        .icmpv6_raw(kind, 0, [0; 4])
        .write(&mut bytes, body)
        .unwrap();
    Inner::read(&bytes)
}

impl Inner {
    fn read(bytes: &[u8]) -> Self {
        let (header, payload) = Ipv6Header::from_slice(bytes).unwrap();
        Self {
            header,
            payload: payload.to_vec(),
        }
    }

    pub fn hop_limit(mut self, hop_limit: u8) -> Self {
        self.header.hop_limit = hop_limit;
        self
    }

    pub fn traffic_class(mut self, class: u8) -> Self {
        self.header.traffic_class = class;
        self
    }

    pub fn next_header(mut self, number: IpNumber) -> Self {
        self.header.next_header = number;
        self
    }

    pub fn payload(mut self, payload: Vec<u8>) -> Self {
        self.header.payload_length = u16::try_from(payload.len()).unwrap();
        self.payload = payload;
        self
    }

    /// The packet.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.header.write(&mut bytes).unwrap();
        bytes.extend(&self.payload);
        bytes
    }

    /// The frame in which the native server sends it.
    pub fn sent_by_server(&self) -> Vec<u8> {
        frame(NATIVE_MAC, SERVER_MAC, EtherType::IPV6, &self.bytes())
    }

    /// Protocol 41 with it inside.
    pub fn within(self, source: &str, destination: &str) -> Outer {
        let length = u16::try_from(self.bytes().len()).unwrap();
        let header = Ipv4Header::new(
            length,
            64,
            IpNumber::IPV6,
            v4(source).octets(),
            v4(destination).octets(),
        )
        .unwrap();
        let mut outer = Outer {
            header,
            inner: self,
            padding: Vec::new(),
            trailer: Vec::new(),
            checksum_error: 0,
            version: 6,
        };
        outer.header.dont_fragment = false;
        outer
    }
}

impl Outer {
    pub fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn traffic_class(self, class: u8) -> Self {
        self.change(|outer| {
            outer.header.dscp = (class >> 2).try_into().unwrap();
            outer.header.ecn = (class & 3).try_into().unwrap();
        })
    }

    pub fn fragment(self, offset: u16, more: bool) -> Self {
        self.change(|outer| {
            outer.header.fragment_offset = IpFragOffset::try_new(offset).unwrap();
            outer.header.more_fragments = more;
        })
    }

    pub fn options(self, options: &[u8]) -> Self {
        let options = Ipv4Options::try_from(options).unwrap();
        self.change(|outer| outer.header.options = options)
    }

    /// The packet.
    pub fn bytes(&self) -> Vec<u8> {
        let mut payload = self.inner.bytes();
        payload[0] = payload[0] & 0xf | self.version << 4;
        payload.extend(&self.padding);
        let mut header = self.header.clone();
        if header.total_len
            == Ipv4Header::new(
                u16::try_from(self.inner.bytes().len()).unwrap(),
                64,
                IpNumber::IPV6,
                [0; 4],
                [0; 4],
            )
            .unwrap()
            .total_len
        {
            header.set_payload_len(payload.len()).unwrap();
        }
        header.header_checksum = header
            .calc_header_checksum()
            .wrapping_add(self.checksum_error);
        let mut bytes = Vec::new();
        header.write_raw(&mut bytes).unwrap();
        bytes.extend(payload);
        bytes
    }

    /// The frame in which the gateway sends it.
    pub fn sent_by_gateway(&self) -> Vec<u8> {
        let mut bytes = frame(UPLINK_MAC, GATEWAY_MAC, EtherType::IPV4, &self.bytes());
        bytes.extend(&self.trailer);
        bytes
    }
}

pub fn frame(to: [u8; 6], from: [u8; 6], ether_type: EtherType, packet: &[u8]) -> Vec<u8> {
    let header = Ethernet2Header {
        source: from,
        destination: to,
        ether_type,
    };
    let mut bytes = Vec::new();
    header.write(&mut bytes).unwrap();
    bytes.extend(packet);
    bytes
}

pub fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

pub fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}
