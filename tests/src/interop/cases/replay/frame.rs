//! A recorded packet.

use std::net::Ipv4Addr;

use anyhow::{Context as _, Result};
use etherparse::Ipv4Header;

/// Hexadecimal digits, from the outer IPv4 header on.
#[derive(Clone, Copy, Debug)]
pub struct Frame(pub &'static str);

impl Frame {
    /// As it is on the wire.
    pub fn octets(&self) -> Result<Vec<u8>> {
        let digits: Vec<char> = self.digits().chars().collect();
        let octet = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
        let octets: Result<_, _> = digits.chunks(2).map(octet).collect();
        octets.with_context(|| self.0.to_owned())
    }

    /// Outer source and destination: the host and the router that it knows.
    pub fn ends(&self) -> Result<(Ipv4Addr, Ipv4Addr)> {
        let octets = self.octets()?;
        let (outer, _) = Ipv4Header::from_slice(&octets)?;
        Ok((outer.source.into(), outer.destination.into()))
    }

    /// The packet for scapy, every octet as it is here.
    pub fn expression(&self) -> String {
        format!("IP(bytes.fromhex('{}'))", self.digits())
    }

    fn digits(&self) -> String {
        self.0.split_whitespace().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::frames;
    use super::*;

    #[test]
    fn a_frame_is_as_long_as_its_outer_header_says() {
        for frame in frames::ALL {
            let octets = frame.octets().unwrap();
            let (outer, _) = Ipv4Header::from_slice(&octets).unwrap();
            assert_eq!(usize::from(outer.total_len), octets.len(), "{}", frame.0);
            assert_eq!(outer.header_checksum, outer.calc_header_checksum());
        }
    }
}
