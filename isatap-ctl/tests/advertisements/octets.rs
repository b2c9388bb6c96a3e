//! Router Advertisements as octets, written and read by the figures of RFC 4861, RFC 4191 and RFC
//! 8106.

use std::net::Ipv6Addr;

pub const PREFIX: u8 = 3;
pub const MTU: u8 = 5;
pub const ROUTE: u8 = 24;
pub const SERVERS: u8 = 25;
pub const DOMAINS: u8 = 31;

const ADVERTISEMENT: u8 = 134;
/// Octets before the options.
const HEADER: usize = 16;

/// The first bits of an address; the others are zero.
pub type Prefix = (u128, u8);

/// What a Prefix Information option says. Lifetimes are as on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub prefix: Prefix,
    pub on_link: bool,
    pub autonomous: bool,
    pub valid: u32,
    pub preferred: u32,
}

/// What a valid message says; malformed options say nothing.
#[derive(Debug, Default)]
pub struct Advert {
    pub hop_limit: u8,
    pub lifetime: u16,
    pub mtu: Option<u32>,
    pub prefixes: Vec<Told>,
    pub routes: Vec<(Prefix, u32)>,
    pub servers: Vec<(u128, u32)>,
    /// Of options that this reader understands no further.
    pub other_lifetimes: Vec<u32>,
}

/// The one's complement of the checksum over the pseudo header and `message`: zero if it is right.
fn sum(source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]) -> u16 {
    let mut all = u64::from(message.len() as u32) + 58;
    for octets in [&source.octets()[..], &destination.octets(), message] {
        for pair in octets.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            all += u64::from(u16::from_be_bytes([pair[0], low]));
        }
    }
    while all > 0xffff {
        all = (all >> 16) + (all & 0xffff);
    }
    !(all as u16)
}

/// Writes the right checksum into `message`.
pub fn seal(source: Ipv6Addr, destination: Ipv6Addr, message: &mut [u8]) {
    if message.len() >= 4 {
        message[2..4].fill(0);
        let right = sum(source, destination, message);
        message[2..4].copy_from_slice(&right.to_be_bytes());
    }
}

/// A header with its options, without checksum.
pub fn advertisement(hop_limit: u8, flags: u8, lifetime: u16, options: &[Vec<u8>]) -> Vec<u8> {
    let mut message = vec![ADVERTISEMENT, 0, 0, 0, hop_limit, flags];
    message.extend(lifetime.to_be_bytes());
    message.extend([0; 8]);
    message.extend(options.iter().flatten());
    message
}

/// An option of a kind, padded to units of eight octets.
pub fn option(kind: u8, body: &[&[u8]]) -> Vec<u8> {
    let mut option = vec![kind, 0];
    option.extend(body.iter().copied().flatten());
    option.resize(option.len().next_multiple_of(8), 0);
    option[1] = (option.len() / 8) as u8;
    option
}

/// Reads a message as RFC 4861 section 6.1.2 wants it, whatever its hop limit and addresses.
pub fn read(source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]) -> Option<Advert> {
    let is_sound = message.len() >= HEADER
        && message[0] == ADVERTISEMENT
        && message[1] == 0
        && sum(source, destination, message) == 0;
    if !is_sound {
        return None;
    }
    let mut advert = Advert {
        hop_limit: message[4],
        lifetime: u16::from_be_bytes([message[6], message[7]]),
        ..Advert::default()
    };
    let mut rest = &message[HEADER..];
    while !rest.is_empty() {
        let length = usize::from(*rest.get(1)?) * 8;
        if length == 0 || length > rest.len() {
            return None;
        }
        advert.take(&rest[..length]);
        rest = &rest[length..];
    }
    Some(advert)
}

fn word(octets: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]])
}

/// The prefix whose first octets are these.
fn prefix(octets: &[u8], length: u8) -> Option<Prefix> {
    let mut bits = [0; 16];
    bits[..octets.len()].copy_from_slice(octets);
    let bits = u128::from_be_bytes(bits);
    match length {
        0 => Some((0, 0)),
        1..=128 => Some((bits >> (128 - length) << (128 - length), length)),
        _ => None,
    }
}

impl Advert {
    fn take(&mut self, option: &[u8]) {
        match (option[0], option.len()) {
            (PREFIX, 32) => self.prefixes.extend(told(option)),
            (MTU, 8) => self.mtu = Some(word(option, 4)),
            (ROUTE, 8 | 16 | 24) => self.routes.extend(route(option)),
            (SERVERS, 24..) => self.take_servers(option),
            (DOMAINS, 16..) => self.other_lifetimes.push(word(option, 4)),
            _ => {}
        }
    }

    /// One address that is no server's spoils the option (RFC 8106 section 5.3.1).
    fn take_servers(&mut self, option: &[u8]) {
        let lifetime = word(option, 4);
        let address = |octets: &[u8]| u128::from_be_bytes(octets.try_into().unwrap());
        let addresses: Vec<u128> = option[8..].chunks_exact(16).map(address).collect();
        let is_bad = |address: &u128| *address == 0 || address >> 120 == 0xff;
        if option.len() % 16 == 8 && !addresses.iter().any(is_bad) {
            let servers = addresses.into_iter().map(|address| (address, lifetime));
            self.servers.extend(servers);
        }
    }
}

fn told(option: &[u8]) -> Option<Told> {
    Some(Told {
        prefix: prefix(&option[16..32], option[2])?,
        on_link: option[3] & 0x80 != 0,
        autonomous: option[3] & 0x40 != 0,
        valid: word(option, 4),
        preferred: word(option, 8),
    })
}

/// The reserved preference has the option ignored (RFC 4191 section 2.3), and so has a prefix that
/// does not fit.
fn route(option: &[u8]) -> Option<(Prefix, u32)> {
    let (length, preference) = (option[2], option[3] >> 3 & 3);
    let room = (option.len() - 8) * 8;
    if preference == 0b10 || usize::from(length) > room {
        return None;
    }
    Some((prefix(&option[8..], length)?, word(option, 4)))
}
