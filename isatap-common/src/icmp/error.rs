use core::net::Ipv6Addr;

use crate::{path::limit::MIN_MTU, wire::ipv6};

/// Octets of an error in front of what it quotes.
const HEADER: usize = 8;
/// Octets that an error quotes at most: no link need take more in all (RFC 4443 section 2.4 (c)).
const QUOTE: usize = MIN_MTU as usize - ipv6::LENGTH - HEADER;

/// Types from here on are no errors.
const INFORMATIONAL: u8 = 128;
const REDIRECT: u8 = 137;

/// Extension headers that may stand before the message (RFC 8200 section 4).
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;

/// An error that this node sends about an IPv6 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icmpv6Error {
    /// Type 2: the packet is larger than the way takes.
    PacketTooBig {
        /// Octets that it takes; never below [`MIN_MTU`] in the message.
        mtu: u32,
    },
    /// Type 1 code 3: something on the link keeps the packet from its next hop.
    AddressUnreachable,
}

impl Icmpv6Error {
    /// Who must hear it and the message, from its type on, about `packet` or as much as there is of
    /// it. `None` where no error may be sent (RFC 4443 section 2.4 (e)). Its checksum is zero: the
    /// kernel, which chooses the source, fills it in.
    pub fn about(self, packet: &[u8]) -> Option<(Ipv6Addr, Vec<u8>)> {
        let header = ipv6::Header::parse(packet.first_chunk()?);
        let (source, destination) = (header.source, header.destination);
        let is_answerable = header.version() == 6
            && !source.is_martian_source()
            && !destination.is_multicast()
            && is_error(&header, packet) == Some(false);
        is_answerable.then(|| (source.into(), self.quoting(packet)))
    }

    fn quoting(self, packet: &[u8]) -> Vec<u8> {
        let (kind, code, [a, b, c, d]) = match self {
            Self::PacketTooBig { mtu } => (2, 0, mtu.max(MIN_MTU).to_be_bytes()),
            Self::AddressUnreachable => (1, 3, [0; 4]),
        };
        let quote = packet.get(..QUOTE).unwrap_or(packet);
        [&[kind, code, 0, 0, a, b, c, d], quote].concat()
    }
}

/// Whether the packet is itself an ICMPv6 error or a Redirect; `None` if that cannot be told.
fn is_error(header: &ipv6::Header, packet: &[u8]) -> Option<bool> {
    let (mut next, mut rest) = (header.next_header, packet.get(ipv6::LENGTH..)?);
    loop {
        let length = match next {
            ipv6::NEXT_ICMPV6 => {
                let kind = *rest.first()?;
                return Some(kind < INFORMATIONAL || kind == REDIRECT);
            }
            HOP_BY_HOP | ROUTING | DESTINATION => 8 * (usize::from(*rest.get(1)?) + 1),
            AUTHENTICATION => 4 * (usize::from(*rest.get(1)?) + 2),
            FRAGMENT if is_first(rest)? => 8,
            // It goes on with what only the first fragment says.
            FRAGMENT => return (!may_hide_icmp(*rest.first()?)).then_some(false),
            _ => return Some(false),
        };
        next = *rest.first()?;
        rest = rest.get(length..)?;
    }
}

/// Whether a Fragment header says offset zero.
fn is_first(header: &[u8]) -> Option<bool> {
    let [_, _, high, low, ..] = header else {
        return None;
    };
    Some(u16::from_be_bytes([*high, *low]) >> 3 == 0)
}

const fn may_hide_icmp(next_header: u8) -> bool {
    matches!(
        next_header,
        ipv6::NEXT_ICMPV6 | HOP_BY_HOP | ROUTING | DESTINATION | AUTHENTICATION | FRAGMENT
    )
}
