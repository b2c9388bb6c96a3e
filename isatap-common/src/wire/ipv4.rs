//! The outer header (RFC 791).

use super::checksum;
use crate::addr::Ipv4;

/// Octets of a header without options.
pub const LENGTH: usize = 20;
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

    /// What they add to the sum of a header, in the processor's order.
    #[inline(always)]
    pub const fn sum(self) -> u16 {
        (self.0 >> 32) as u16
    }
}

/// What an outer header of ours says (RFC 4213 section 3.5); the rest is constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outer {
    /// DSCP and ECN.
    pub traffic_class: u8,
    /// Octets of header and payload.
    pub total_length: u16,
    /// Tells the fragments of different packets apart.
    pub identification: u16,
    /// Whether routers may fragment it, and its time to live.
    pub common: Common,
    /// Our locator.
    pub source: Ipv4,
    /// The next hop's address.
    pub destination: Ipv4,
}

impl Outer {
    /// Writes the header, with its checksum.
    #[inline(always)]
    pub fn emit(&self) -> [u8; LENGTH] {
        self.emit_with(self.constant_sum(), 0)
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
        checksum::sum(&blank.octets(0))
    }

    /// [`Outer::emit`], where the constant sum is known, but for a word of an address.
    #[inline(always)]
    pub fn emit_with(&self, constant_sum: u16, word: u16) -> [u8; LENGTH] {
        let first = u16::from_ne_bytes([0, self.traffic_class]);
        let words = [
            first,
            self.total_length.to_be(),
            self.identification.to_be(),
            self.common.sum(),
            word,
        ];
        self.octets(checksum::added(constant_sum, words))
    }

    /// The octets, with a checksum as it stands in them.
    #[inline(always)]
    fn octets(&self, checksum: u16) -> [u8; LENGTH] {
        let ([l, m], [i, j]) = (
            self.total_length.to_be_bytes(),
            self.identification.to_be_bytes(),
        );
        let ([c, k], s, d) = (checksum.to_ne_bytes(), self.source, self.destination);
        let [flags, offset, ttl, protocol] = self.common.octets().to_ne_bytes();
        [
            0x45,
            self.traffic_class,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn emitted_headers_read_back(traffic_class: u8, total_length: u16, identification: u16,
                                     ttl: u8, dont_fragment: bool, source: [u8; 4], destination: [u8; 4]) {
            let common = Common::new(dont_fragment, ttl);
            let outer = Outer { traffic_class, total_length, identification, common, source, destination };
            let bytes = outer.emit();
            prop_assert_eq!(Header::parse(&bytes), Header {
                version: 4, words: 5, traffic_class, total_length, is_fragment: false,
                protocol: 41, checksum_is_valid: true, source, destination,
            });
            let (oracle, _) = etherparse::Ipv4Header::from_slice(&bytes).unwrap();
            prop_assert_eq!(oracle.calc_header_checksum(), oracle.header_checksum);
            prop_assert_eq!(oracle.time_to_live, ttl);
            prop_assert_eq!(oracle.identification, identification);
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
