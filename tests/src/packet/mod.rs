//! Packets, built with a library that shares no code with the product.
//!
//! ```
//! use isatap_tests::packet::{Inner, Outer};
//! # fn main() -> anyhow::Result<()> {
//! let inner = Inner::new("2001:db8:0:1:0:5efe:a01:2".parse()?, "2001:db8:f::1".parse()?)
//!     .echo_request(7, 1, b"hello");
//! let frame = Outer::new("10.1.0.2".parse()?, "10.9.0.2".parse()?).ttl(64).packet(&inner.packet()?)?;
//! assert_eq!(frame.len(), 20 + 40 + 8 + 5);
//! # Ok(())
//! # }
//! ```

mod inner;
mod outer;

pub use inner::Inner;
pub use outer::Outer;

use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::{EtherType, Ethernet2Header, Icmpv4Header, Icmpv4Type};

/// Puts an Ethernet header before an IPv4 or IPv6 packet.
pub fn ethernet(source: [u8; 6], destination: [u8; 6], packet: &[u8]) -> Vec<u8> {
    let is_ipv6 = packet.first().is_some_and(|octet| octet >> 4 == 6);
    let ether_type = if is_ipv6 {
        EtherType::IPV6
    } else {
        EtherType::IPV4
    };
    let header = Ethernet2Header {
        source,
        destination,
        ether_type,
    };
    [&header.to_bytes(), packet].concat()
}

/// The ICMPv4 message that a quoted packet must be fragmented for a next hop of this MTU.
pub fn fragmentation_needed(next_hop_mtu: u16, quoted: &[u8]) -> Vec<u8> {
    let reason = DestUnreachableHeader::FragmentationNeeded { next_hop_mtu };
    let kind = Icmpv4Type::DestinationUnreachable(reason);
    let header = Icmpv4Header::with_checksum(kind, quoted);
    [&header.to_bytes(), quoted].concat()
}
