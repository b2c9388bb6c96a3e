use crate::{
    nd::adds_up,
    path::{Reason, Site, admit, parse::Outbound},
    wire::{ipv4, ipv6},
};

/// Protocol number of ICMP.
const ICMP: u8 = 1;
/// Octets of a message in front of what it quotes.
const HEADER: usize = 8;
const DESTINATION_UNREACHABLE: u8 = 3;
const FRAGMENTATION_NEEDED: u8 = 4;
const TIME_EXCEEDED: u8 = 11;
const PARAMETER_PROBLEM: u8 = 12;
/// Where extensions start in a message that does not say where (RFC 4884 section 5.5).
const UNSAID: usize = 128;
/// First octet of an extension structure: version 2, and reserved bits.
const EXTENSION: u8 = 0x20;

/// Don't Fragment in the seventh octet of an IPv4 header.
const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET: u16 = 0x1fff;

/// MTUs of common links, for routers that do not say theirs (RFC 1191 section 7.1).
const PLATEAUS: [u16; 11] = [
    65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68,
];
/// What every IPv4 link takes (RFC 791).
const LEAST: u16 = 68;

/// An ICMPv4 error about a packet of protocol 41.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Report<'a> {
    /// What became of the packet.
    pub news: News,
    /// The outer header of the packet.
    pub outer: ipv4::Header,
    /// As much of the inner packet as is quoted, its whole header at least.
    pub inner: &'a [u8],
    /// Don't Fragment, More Fragments and the offset.
    fragment: u16,
}

/// What an ICMPv4 error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The packet is larger than the next link takes, which is so many octets.
    FragmentationNeeded(u16),
    /// The packet did not arrive for any other reason.
    Unreachable,
}

impl<'a> Ipv4Report<'a> {
    /// Reads an IPv4 datagram, header included. Neither its checksum nor anything else of the message
    /// has been verified by a kernel that gives it to a raw socket.
    pub fn read(datagram: &'a [u8]) -> Result<Self, Reason> {
        let message = message(datagram)?;
        let (head, body) = message
            .split_first_chunk::<HEADER>()
            .ok_or(Reason::IcmpInvalid)?;
        if !adds_up(message) {
            return Err(Reason::IcmpInvalid);
        }
        let [kind, code, _, _, _, words, high, low] = *head;
        let news = match (kind, code) {
            (DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED) => {
                News::FragmentationNeeded(u16::from_be_bytes([high, low]))
            }
            (DESTINATION_UNREACHABLE | TIME_EXCEEDED | PARAMETER_PROBLEM, _) => News::Unreachable,
            _ => return Err(Reason::NotOurs),
        };
        Self::quoting(news, without_extensions(body, words)?)
    }

    fn quoting(news: News, quote: &'a [u8]) -> Result<Self, Reason> {
        let (header, rest) = quote.split_first_chunk().ok_or(Reason::IcmpShort)?;
        let outer = ipv4::Header::parse(header);
        if outer.version != 4 || outer.protocol != ipv4::PROTOCOL_IPV6 {
            return Err(Reason::NotOurs);
        }
        if outer.words != 5 {
            return Err(Reason::IcmpForeign);
        }
        let fragment = u16::from_be_bytes([header[6], header[7]]);
        if fragment & OFFSET != 0 {
            return Err(Reason::IcmpShort);
        }
        // A message may be padded (RFC 4884 section 4.1); that is not of the packet.
        let length = usize::from(outer.total_length).saturating_sub(ipv4::LENGTH);
        let inner = rest.get(..length).unwrap_or(rest);
        if inner.len() < ipv6::LENGTH {
            return Err(Reason::IcmpShort);
        }
        Ok(Self {
            news,
            outer,
            inner,
            fragment,
        })
    }

    /// Whether this node would have sent the packet: from that locator, to that peer, of that length,
    /// and with Don't Fragment where that is what kept it.
    pub fn is_about_ours(&self, site: &impl Site) -> Result<(), Reason> {
        let header = self.inner.first_chunk().ok_or(Reason::IcmpShort)?;
        let inner = ipv6::Header::parse(header);
        let said = u32::from(self.outer.total_length);
        let whole = inner.total_length() + ipv4::LENGTH as u32;
        let is_whole = match self.fragment & !DONT_FRAGMENT {
            0 => said == whole,
            MORE_FRAGMENTS => said < whole,
            _ => false,
        };
        if inner.version() != 6 || !is_whole {
            return Err(Reason::IcmpForeign);
        }
        let way = admit::outbound(&Outbound { inner }, site);
        let is_our_way = way.is_ok_and(|tunnel| tunnel.remote == self.outer.destination)
            && site.config().has_locator(self.outer.source);
        if !is_our_way || inner.source.is_martian_source() || !self.may_say_so() {
            return Err(Reason::IcmpForeign);
        }
        Ok(())
    }

    /// A packet that may be fragmented, or that is not larger than the link, is not kept by it.
    fn may_say_so(&self) -> bool {
        match self.news {
            News::FragmentationNeeded(mtu) => {
                self.fragment & DONT_FRAGMENT != 0 && mtu < self.outer.total_length
            }
            News::Unreachable => true,
        }
    }

    /// The path MTU that follows, if that is news where `known` holds: a message never raises it.
    pub fn path_mtu(&self, known: Option<u32>) -> Option<u32> {
        let News::FragmentationNeeded(said) = self.news else {
            return None;
        };
        let below = |plateau: &&u16| **plateau < self.outer.total_length;
        let said = match said {
            0 => PLATEAUS.iter().find(below).copied().unwrap_or(LEAST),
            said => said.max(LEAST),
        };
        let mtu = u32::from(said);
        known.is_none_or(|known| mtu < known).then_some(mtu)
    }
}

/// The ICMP message in a datagram.
fn message(datagram: &[u8]) -> Result<&[u8], Reason> {
    let header = datagram.first_chunk().ok_or(Reason::IcmpInvalid)?;
    let header = ipv4::Header::parse(header);
    if header.version != 4 || header.protocol != ICMP || header.is_fragment {
        return Err(Reason::NotOurs);
    }
    datagram
        .get(usize::from(header.words) * 4..usize::from(header.total_length))
        .ok_or(Reason::IcmpInvalid)
}

/// The quoted packet, which `words` 32-bit words are of if the message says so (RFC 4884).
fn without_extensions(body: &[u8], words: u8) -> Result<&[u8], Reason> {
    let length = usize::from(words) * 4;
    if length != 0 {
        return body.get(..length).ok_or(Reason::IcmpInvalid);
    }
    match body.split_at_checked(UNSAID) {
        Some((quote, rest)) if is_extension(rest) => Ok(quote),
        _ => Ok(body),
    }
}

/// Whether octets are an extension structure (RFC 4884 section 7), and not by chance: version,
/// reserved bits and checksum are right.
fn is_extension(octets: &[u8]) -> bool {
    let [version, reserved, high, low, ..] = *octets else {
        return false;
    };
    (version, reserved) == (EXTENSION, 0) && (high, low) != (0, 0) && adds_up(octets)
}
