//! The outer header (RFC 791).

use bytemuck::{Pod, Zeroable};

use super::checksum;
use crate::addr::Ipv4;

/// Octets of a header without options.
pub const LENGTH: usize = 20;
/// Version and length of such a header.
const FIRST: u8 = 0x45;
/// Protocol number of IPv6 in IPv4.
pub const PROTOCOL_IPV6: u8 = 41;

/// The first twenty octets of an IPv4 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version, in a whole packet 4.
    pub version: u8,
    /// Header length in 32-bit words; 5 without options.
    pub words: u8,
    /// DSCP and ECN.
    pub traffic_class: u8,
    /// Octets of header and payload.
    pub total_length: u16,
    /// More Fragments is set or the offset is not zero.
    pub is_fragment: bool,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Whether the checksum is right, counted over these twenty octets only.
    pub checksum_is_valid: bool,
    /// Source address.
    pub source: Ipv4,
    /// Destination address.
    pub destination: Ipv4,
}

impl Header {
    /// Reads a header.
    #[inline(always)]
    pub fn parse(h: &[u8; LENGTH]) -> Self {
        Self {
            version: h[0] >> 4,
            words: h[0] & 0xf,
            traffic_class: h[1],
            total_length: u16::from_be_bytes([h[2], h[3]]),
            is_fragment: u16::from_be_bytes([h[6], h[7]]) & 0x3fff != 0,
            protocol: h[9],
            checksum_is_valid: checksum::is_valid(h),
            source: [h[12], h[13], h[14], h[15]],
            destination: [h[16], h[17], h[18], h[19]],
        }
    }
}

/// Octets 6 to 9 of an outer header, which are the same in all that this node sends: whether it may be
/// fragmented, time to live, and protocol. As they stand in it, with their sum above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Common(pub u64);

impl Common {
    /// Octet 6 with Don't Fragment.
    const DONT_FRAGMENT: u8 = 0x40;

    /// With Don't Fragment or without.
    #[inline(always)]
    pub const fn new(dont_fragment: bool, ttl: u8) -> Self {
        let flags = if dont_fragment {
            Self::DONT_FRAGMENT
        } else {
            0
        };
        let octets = u32::from_ne_bytes([flags, 0, ttl, PROTOCOL_IPV6]);
        let sum = (octets & 0xffff) + (octets >> 16);
        let sum = (sum & 0xffff) + (sum >> 16);
        Self(octets as u64 | (sum as u64) << 32)
    }

    /// The octets, in the processor's order.
    #[inline(always)]
    pub const fn octets(self) -> u32 {
        self.0 as u32
    }

    /// What they add to the sum of a header, in the processor's order; no more than 16 bits.
    #[inline(always)]
    pub const fn sum(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// What an outer header of ours says (RFC 4213 section 3.5); the rest is constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outer {
    /// DSCP and ECN.
    pub traffic_class: u8,
    /// Octets of header and payload.
    pub total_length: u16,
    /// Tells the fragments of different packets apart; as it stands in the header, in the processor's order.
    pub identification: u16,
    /// Whether routers may fragment it, and its time to live.
    pub common: Common,
    /// From our locator to the next hop's address.
    pub ends: Ends,
}

/// Both addresses of an outer header, as they stand in it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Ends {
    /// Whence.
    pub source: Ipv4,
    /// Where to.
    pub destination: Ipv4,
}

impl Ends {
    /// Whether they are these. Compared as numbers: octets in a map would be loaded one by one.
    #[inline(always)]
    pub const fn are(self, others: Self) -> bool {
        u32::from_ne_bytes(self.source) == u32::from_ne_bytes(others.source)
            && u32::from_ne_bytes(self.destination) == u32::from_ne_bytes(others.destination)
    }

    /// As a number in the processor's order, as it is read from a header at once.
    #[inline(always)]
    pub const fn number(self) -> u64 {
        bytemuck::must_cast(self)
    }

    /// Those of such a number.
    #[inline(always)]
    pub const fn of(number: u64) -> Self {
        bytemuck::must_cast(number)
    }
}

impl Outer {
    /// With its checksum.
    #[inline(always)]
    pub fn seal(self) -> Sealed {
        self.seal_with(self.constant_sum(), 0)
    }

    /// The sum of what only packets to one destination have in common: all but traffic class, length,
    /// identification and [`Common`]. In the processor's order of octets.
    #[inline(always)]
    pub fn constant_sum(&self) -> u16 {
        let blank = Self {
            traffic_class: 0,
            total_length: 0,
            identification: 0,
            common: Common(0),
            ..*self
        };
        let outer = blank;
        checksum::sum(&Sealed { outer, checksum: 0 }.octets())
    }

    /// The same where the constant sum is known, but for a word of an address.
    #[inline(always)]
    pub fn seal_with(self, constant_sum: u16, word: u16) -> Sealed {
        let first = u16::from_ne_bytes([0, self.traffic_class]);
        let words = [first, self.total_length.to_be(), self.identification, word];
        let sum = u32::from(constant_sum) + self.common.sum();
        Sealed {
            outer: self,
            checksum: checksum::added(sum, words),
        }
    }
}

/// An outer header with its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    outer: Outer,
    /// As it stands in the header.
    checksum: u16,
}

impl Sealed {
    /// The header behind an EtherType, cut into numbers that lie aligned in an Ethernet frame. In the processor's order.
    #[inline(always)]
    pub const fn words(&self) -> Words {
        let Outer {
            traffic_class,
            total_length,
            identification,
            common,
            ends,
        } = self.outer;
        let first = u16::from_ne_bytes([FIRST, traffic_class]);
        Words {
            first: side_by_side(super::ethernet::IPV4.to_be(), first),
            second: side_by_side(total_length.to_be(), identification),
            third: common.octets(),
            checksum: self.checksum,
            ends: ends.number(),
        }
    }

    /// The header.
    #[inline(always)]
    pub const fn octets(&self) -> [u8; LENGTH] {
        let Outer {
            traffic_class,
            total_length,
            identification,
            common,
            ends: Ends {
                source: s,
                destination: d,
            },
        } = self.outer;
        let ([l, m], [i, j]) = (total_length.to_be_bytes(), identification.to_ne_bytes());
        let [c, k] = self.checksum.to_ne_bytes();
        let [flags, offset, ttl, protocol] = common.octets().to_ne_bytes();
        [
            FIRST,
            traffic_class,
            l,
            m,
            i,
            j,
            flags,
            offset,
            ttl,
            protocol,
            c,
            k,
            s[0],
            s[1],
            s[2],
            s[3],
            d[0],
            d[1],
            d[2],
            d[3],
        ]
    }
}

/// An outer header as it is stored into an Ethernet frame, from the EtherType on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// EtherType, version and header length, traffic class.
    pub first: u32,
    /// Total length, identification.
    pub second: u32,
    /// [`Common::octets`].
    pub third: u32,
    /// Checksum.
    pub checksum: u16,
    /// Source and destination.
    pub ends: u64,
}

/// Two numbers that follow each other as one, in the processor's order.
#[inline(always)]
const fn side_by_side(first: u16, second: u16) -> u32 {
    if cfg!(target_endian = "little") {
        first as u32 | (second as u32) << 16
    } else {
        (first as u32) << 16 | second as u32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn emitted_headers_read_back(traffic_class: u8, total_length: u16, identification: u16,
                                     ttl: u8, dont_fragment: bool, source: [u8; 4], destination: [u8; 4]) {
            let common = Common::new(dont_fragment, ttl);
            let outer = Outer { traffic_class, total_length, identification, common, ends: Ends { source, destination } };
            let bytes = outer.seal().octets();
            prop_assert_eq!(Header::parse(&bytes), Header {
                version: 4, words: 5, traffic_class, total_length, is_fragment: false,
                protocol: 41, checksum_is_valid: true, source, destination,
            });
            let (oracle, _) = etherparse::Ipv4Header::from_slice(&bytes).unwrap();
            prop_assert_eq!(oracle.calc_header_checksum(), oracle.header_checksum);
            prop_assert_eq!(oracle.time_to_live, ttl);
            prop_assert_eq!(oracle.identification, u16::from_be(identification));
            prop_assert_eq!(oracle.dont_fragment, dont_fragment);
        }

        #[test]
        fn fields_are_those_that_etherparse_reads(mut bytes: [u8; 20]) {
            bytes[0] = 0x45;
            let header = Header::parse(&bytes);
            let (oracle, _) = etherparse::Ipv4Header::from_slice(&bytes).unwrap();
            prop_assert_eq!(header.total_length, oracle.total_len);
            prop_assert_eq!(header.is_fragment, oracle.is_fragmenting_payload());
            prop_assert_eq!(header.source, oracle.source);
            prop_assert_eq!(header.destination, oracle.destination);
            prop_assert_eq!(header.checksum_is_valid,
                            oracle.calc_header_checksum() == oracle.header_checksum
                            || checksum::is_valid(&bytes));
        }
    }
}
