//! Packets as they are quoted, built by a library that shares no code with the product.

use etherparse::{Icmpv4Header, Icmpv4Type, IpNumber, Ipv4Header, icmpv4::DestUnreachableHeader};

use crate::{
    abi::{Config, Hearing, LocatorRef, MAX_LOCATORS, Standing},
    addr::{Address, Ipv4},
    path::Site,
};

pub(super) const OURS: Ipv4 = [10, 9, 0, 2];
pub(super) const PEER: Ipv4 = [10, 1, 0, 2];
pub(super) const SOMEBODY: Ipv4 = [10, 9, 0, 1];

/// A router at [`OURS`] in a site of 10/8 with the prefix 2001:db8:0:1::/64.
pub(super) struct Router(Config);

impl Router {
    pub(super) fn new() -> Self {
        let mut locators = [LocatorRef::default(); MAX_LOCATORS];
        locators[0] = LocatorRef {
            ifindex: 2,
            ipv4: OURS,
        };
        Self(Config {
            locator_count: 1,
            locators,
            ..bytemuck::Zeroable::zeroed()
        })
    }
}

impl Site for Router {
    fn config(&self) -> &Config {
        &self.0
    }

    fn locator(&self, _: u32, ipv4: Ipv4) -> Option<u16> {
        (ipv4 == OURS).then_some(0)
    }

    fn heard_at(&self, _: Ipv4) -> Option<Ipv4> {
        None
    }

    fn lists_router(&self, _: Ipv4) -> bool {
        false
    }

    fn is_on_link(&self, address: Address) -> bool {
        address.high == 0x2001_0db8_0000_0001
    }

    fn standing(&self, ipv4: Ipv4) -> Standing {
        match ipv4 {
            OURS => Standing::Own,
            [10, ..] => Standing::Known,
            _ => Standing::Unknown,
        }
    }

    fn hearing(&self, _: Ipv4) -> Hearing {
        Hearing::Heard
    }

    fn route(&self, _: Address) -> Option<Ipv4> {
        None
    }
}

/// A packet that we may have sent, and what of it is quoted in which message.
#[derive(Clone, Debug)]
pub(super) struct Quoted {
    pub(super) source: Ipv4,
    pub(super) destination: Ipv4,
    pub(super) inner_source: [u8; 16],
    pub(super) inner_destination: [u8; 16],
    pub(super) dont_fragment: bool,
    pub(super) more_fragments: bool,
    pub(super) offset: u16,
    pub(super) payload: usize,
    pub(super) said: Option<u16>,
    pub(super) protocol: u8,
    pub(super) octets: usize,
}

impl Default for Quoted {
    fn default() -> Self {
        let mut inner_destination = [
            0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0x5e, 0xfe, 0, 0, 0, 0,
        ];
        inner_destination[12..].copy_from_slice(&PEER);
        Self {
            source: OURS,
            destination: PEER,
            inner_source: [0x20, 1, 0x0d, 0xb8, 0, 0xf, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            inner_destination,
            dont_fragment: true,
            more_fragments: false,
            offset: 0,
            payload: 1440,
            said: None,
            protocol: 41,
            octets: 548,
        }
    }
}

impl Quoted {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let inner_length = self.payload + 40;
        let mut outer = Ipv4Header::new(
            u16::try_from(inner_length).unwrap(),
            61,
            IpNumber(self.protocol),
            self.source,
            self.destination,
        )
        .unwrap();
        outer.total_len = self.said.unwrap_or(outer.total_len);
        outer.dont_fragment = self.dont_fragment;
        outer.more_fragments = self.more_fragments;
        outer.fragment_offset = self.offset.try_into().unwrap();
        let mut bytes = Vec::new();
        outer.write(&mut bytes).unwrap();
        let [high, low] = u16::try_from(self.payload).unwrap().to_be_bytes();
        bytes.extend([0x60, 0, 0, 0, high, low, 17, 63]);
        bytes.extend(self.inner_source);
        bytes.extend(self.inner_destination);
        bytes.resize(20 + inner_length, 0xaa);
        bytes.truncate(self.octets);
        bytes
    }
}

pub(super) fn needs(mtu: u16) -> Icmpv4Type {
    Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::FragmentationNeeded {
        next_hop_mtu: mtu,
    })
}

/// The datagram in which somebody sends a message with this body.
pub(super) fn datagram(kind: Icmpv4Type, body: &[u8]) -> Vec<u8> {
    let message = Icmpv4Header::with_checksum(kind, body);
    let mut bytes = Vec::new();
    let length = u16::try_from(8 + body.len()).unwrap();
    Ipv4Header::new(length, 64, IpNumber::ICMP, SOMEBODY, OURS)
        .unwrap()
        .write(&mut bytes)
        .unwrap();
    message.write(&mut bytes).unwrap();
    bytes.extend(body);
    bytes
}

/// The same with the length of the quote said (RFC 4884), which etherparse does not know of.
pub(super) fn extended(words: u8, body: &[u8]) -> Vec<u8> {
    let unreachable = Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::Host);
    let mut bytes = datagram(unreachable, body);
    bytes[25] = words;
    let sum = u16::from_be_bytes([bytes[22], bytes[23]]);
    // The checksum of a message in which a word of zero grows.
    let (less, borrow) = sum.overflowing_sub(u16::from(words));
    let less = if borrow { less.wrapping_sub(1) } else { less };
    bytes[22..24].copy_from_slice(&less.to_be_bytes());
    bytes
}
