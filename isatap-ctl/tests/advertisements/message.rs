//! One advertisement as a router, a fool or an attacker may send it.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use fastrand::Rng;

use super::draw::{self, LOCATORS, ROUTERS, lifetime, one, rarely};
use super::octets::{self, DOMAINS, MTU, PREFIX, ROUTE, SERVERS};

/// A message as the socket hands it over.
#[derive(Clone)]
pub struct Message {
    pub source: Ipv6Addr,
    pub destination: Ipv6Addr,
    pub hop_limit: Option<u8>,
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to, hops) = (self.source, self.destination, self.hop_limit);
        write!(f, "Message {from} → {to}, hop limit {hops:?}:")?;
        let mut rows = self.bytes.chunks(8);
        rows.try_for_each(|row| write!(f, " {}", row.iter().copied().map(hex).collect::<String>()))
    }
}

fn hex(octet: u8) -> String {
    format!("{octet:02x}")
}

impl Message {
    /// To the host at `locator`: valid as often as not.
    pub fn draw(random: &mut Rng, locator: usize) -> Self {
        let (router, is_global) = if rarely(random, 12) {
            one(random, &ROUTERS)
        } else {
            one(random, &ROUTERS[..3])
        };
        let (host, is_host_global) = LOCATORS[locator];
        let options: Vec<_> = (0..random.usize(..6)).map(|_| option(random)).collect();
        let mut message = Self {
            source: draw::link_local(is_global, router),
            destination: draw::link_local(is_host_global, host),
            hop_limit: Some(255),
            bytes: header(random, &options),
        };
        let is_broken = random.bool();
        if is_broken {
            let strokes = random.u32(1..3);
            (0..strokes).for_each(|_| message.spoil(random, (router, is_global)));
        }
        // A wrong checksum hides everything else.
        if !is_broken || !rarely(random, 8) {
            octets::seal(message.source, message.destination, &mut message.bytes);
        }
        message
    }

    fn spoil(&mut self, random: &mut Rng, (router, is_global): (Ipv4Addr, bool)) {
        let length = self.bytes.len();
        match random.u32(..12) {
            0 => self.source = draw::link_local(!is_global, router),
            1 => self.source = stranger(random, router),
            2 => self.destination = elsewhere(random),
            3 => self.hop_limit = one(random, &[None, Some(0), Some(64), Some(254)]),
            4 => self.bytes.truncate(random.usize(..=length)),
            5 => self.bytes.extend((0..random.usize(1..20)).map(|_| 0)),
            6 | 7 => self.set_option_length(random),
            8 => self.set(random.usize(..2), random.u8(..)),
            _ => (0..random.u32(1..4)).for_each(|_| self.flip(random)),
        }
    }

    fn set(&mut self, at: usize, value: u8) {
        if let Some(octet) = self.bytes.get_mut(at) {
            *octet = value;
        }
    }

    fn flip(&mut self, random: &mut Rng) {
        if let Some(last) = self.bytes.len().checked_sub(1) {
            self.bytes[random.usize(..=last)] ^= 1 << random.u32(..8);
        }
    }

    /// Of one of the options.
    fn set_option_length(&mut self, random: &mut Rng) {
        let mut at = 16;
        while let Some(length) = self.bytes.get(at + 1).copied().filter(|length| *length > 0) {
            if rarely(random, 2) {
                let few = random.u8(..6);
                return self.set(
                    at + 1,
                    one(random, &[0, few, length - 1, length.wrapping_add(1), 255]),
                );
            }
            at += usize::from(length) * 8;
        }
    }
}

/// A source that is nobody's, or not a router's.
fn stranger(random: &mut Rng, router: Ipv4Addr) -> Ipv6Addr {
    let global = draw::isatap(0x2001_0db8_0000_0001, false, router);
    let site = draw::isatap(0xfec0 << 48, false, router);
    let bits = draw::link_local(false, router).to_bits();
    let other_bits = Ipv6Addr::from_bits(bits ^ 1 << random.u32(..128));
    let nobody = Ipv6Addr::UNSPECIFIED;
    let unlisted = draw::link_local(false, ROUTERS[draw::LISTED].0);
    one(random, &[global, site, other_bits, nobody, unlisted])
}

fn elsewhere(random: &mut Rng) -> Ipv6Addr {
    let (host, is_global) = one(random, &LOCATORS);
    let all_nodes = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    let all_routers = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
    let other = draw::link_local(!is_global, host);
    one(
        random,
        &[
            all_nodes,
            all_nodes,
            all_routers,
            other,
            Ipv6Addr::LOCALHOST,
        ],
    )
}

fn header(random: &mut Rng, options: &[Vec<u8>]) -> Vec<u8> {
    let hop_limit = one(random, &[0, 1, 31, 32, 64, 255]);
    let default = random.u16(..);
    let default = one(random, &[0, 1, 600, 1800, 9000, u16::MAX, default]);
    let mut bytes = octets::advertisement(hop_limit, random.u8(..), default, options);
    if rarely(random, 4) {
        bytes[8..16].copy_from_slice(&random.u64(..).to_be_bytes());
    }
    bytes
}

fn option(random: &mut Rng) -> Vec<u8> {
    match random.u32(..16) {
        0..=7 => prefix(random),
        8..=10 => route(random),
        11 => {
            let any = random.u32(..);
            let mtu = one(random, &[0, 1279, 1280, 1400, 1480, 1481, any]);
            octets::option(MTU, &[&[0, 0], &mtu.to_be_bytes()])
        }
        12 | 13 => servers(random),
        14 => domains(random),
        _ => octets::option(random.u8(..), &[&random.u128(..).to_be_bytes()]),
    }
}

fn prefix(random: &mut Rng) -> Vec<u8> {
    let (address, length) = draw::prefix(random);
    let flags = one(random, &[0xc0, 0xc0, 0xc0, 0x80, 0x40, 0]);
    let (valid, other) = (lifetime(random), lifetime(random));
    // As routers have them, mostly.
    let preferred = if rarely(random, 4) {
        other
    } else {
        other.min(valid)
    };
    octets::option(
        PREFIX,
        &[
            &[length, flags],
            &valid.to_be_bytes(),
            &preferred.to_be_bytes(),
            &[0; 4],
            &address.to_be_bytes(),
        ],
    )
}

/// With as many octets of the prefix as are needed, or not.
fn route(random: &mut Rng) -> Vec<u8> {
    let (address, length) = draw::prefix(random);
    let octets = if rarely(random, 6) {
        random.usize(..3) * 8
    } else {
        usize::from(length.min(128)).div_ceil(64) * 8
    };
    let lifetime = lifetime(random).to_be_bytes();
    let head = [length, random.u8(..4) << 3];
    octets::option(ROUTE, &[&head, &lifetime, &address.to_be_bytes()[..octets]])
}

fn servers(random: &mut Rng) -> Vec<u8> {
    let lifetime = lifetime(random).to_be_bytes();
    let address = |random: &mut Rng| {
        let server = 0x2001_0db8_u128 << 96 | random.u128(..4);
        if rarely(random, 10) {
            one(random, &[0, 0xff02_u128 << 112 | 1])
        } else {
            server
        }
    };
    let addresses = (0..random.usize(..3)).map(|_| address(random).to_be_bytes());
    let addresses: Vec<u8> = addresses.flatten().collect();
    octets::option(SERVERS, &[&[0, 0], &lifetime, &addresses])
}

/// Labels that may reach out of the option.
fn domains(random: &mut Rng) -> Vec<u8> {
    let lifetime = lifetime(random).to_be_bytes();
    let mut names = Vec::new();
    for _ in 0..random.usize(..5) {
        let length = random.u8(..8);
        names.push(if rarely(random, 12) { 200 } else { length });
        let letters: Vec<_> = (0..length).map(|_| letter(random)).collect();
        names.extend(letters);
        if random.bool() {
            names.push(0);
        }
    }
    octets::option(DOMAINS, &[&[0, 0], &lifetime, &names])
}

fn letter(random: &mut Rng) -> u8 {
    if rarely(random, 40) {
        random.u8(..)
    } else {
        random.u8(b'a'..=b'z')
    }
}
