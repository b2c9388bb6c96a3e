//! The inner header (RFC 8200).

use crate::addr::Address;

/// Octets of the header.
pub const LENGTH: usize = 40;
/// Octet of the header that holds the hop limit.
pub const HOP_LIMIT_AT: usize = 7;
/// Next header: IPv4 encapsulation.
pub const NEXT_IPV4: u8 = 4;
/// Next header: IPv6 encapsulation.
pub const NEXT_IPV6: u8 = 41;
/// Next header: ICMPv6.
pub const NEXT_ICMPV6: u8 = 58;

/// An IPv6 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version, traffic class and flow label, as they stand in the first four octets.
    pub first_word: u32,
    /// Octets behind the header.
    pub payload_length: u16,
    /// Type of the next header.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source address.
    pub source: Address,
    /// Destination address.
    pub destination: Address,
}

impl Header {
    /// Reads a header.
    #[inline(always)]
    pub fn parse(h: &[u8; LENGTH]) -> Self {
        Self {
            first_word: u32::from_be_bytes([h[0], h[1], h[2], h[3]]),
            payload_length: u16::from_be_bytes([h[4], h[5]]),
            next_header: h[6],
            hop_limit: h[HOP_LIMIT_AT],
            source: Address {
                high: u64::from_be_bytes([h[8], h[9], h[10], h[11], h[12], h[13], h[14], h[15]]),
                low: u64::from_be_bytes([h[16], h[17], h[18], h[19], h[20], h[21], h[22], h[23]]),
            },
            destination: Address {
                high: u64::from_be_bytes([h[24], h[25], h[26], h[27], h[28], h[29], h[30], h[31]]),
                low: u64::from_be_bytes([h[32], h[33], h[34], h[35], h[36], h[37], h[38], h[39]]),
            },
        }
    }

    /// The version, in a whole packet 6.
    #[inline(always)]
    pub const fn version(&self) -> u8 {
        (self.first_word >> 28) as u8
    }

    /// DSCP and ECN.
    #[inline(always)]
    pub const fn traffic_class(&self) -> u8 {
        (self.first_word >> 20) as u8
    }

    /// Octets of the whole packet.
    #[inline(always)]
    pub const fn total_length(&self) -> u32 {
        LENGTH as u32 + self.payload_length as u32
    }
}

/// The first four octets of `header` with another traffic class.
#[inline(always)]
pub const fn first_word_with(header: &Header, traffic_class: u8) -> [u8; 4] {
    ((header.first_word & !0x0ff0_0000) | ((traffic_class as u32) << 20)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fields_are_those_that_etherparse_reads(mut bytes: [u8; 40], class: u8) {
            bytes[0] = 0x60 | (bytes[0] & 0xf);
            let header = Header::parse(&bytes);
            let (oracle, _) = etherparse::Ipv6Header::from_slice(&bytes).unwrap();
            prop_assert_eq!(header.version(), 6);
            prop_assert_eq!(header.traffic_class(), oracle.traffic_class);
            prop_assert_eq!(header.payload_length, oracle.payload_length);
            prop_assert_eq!(header.hop_limit, oracle.hop_limit);
            prop_assert_eq!(header.source.octets(), oracle.source);
            prop_assert_eq!(header.destination.octets(), oracle.destination);

            bytes[..4].copy_from_slice(&first_word_with(&header, class));
            let (changed, _) = etherparse::Ipv6Header::from_slice(&bytes).unwrap();
            prop_assert_eq!(changed.traffic_class, class);
            prop_assert_eq!(changed.flow_label, oracle.flow_label);
        }
    }
}
