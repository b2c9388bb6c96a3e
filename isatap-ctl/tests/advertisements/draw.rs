//! What sequences are made of: few nodes and few prefixes, so that they meet.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use fastrand::Rng;

/// Nodes that may be listed as routers, and whether their addresses are globally unique. The last is
/// never listed.
pub const ROUTERS: [(Ipv4Addr, bool); 5] = [
    (Ipv4Addr::new(10, 0, 0, 1), false),
    (Ipv4Addr::new(10, 0, 0, 2), false),
    (Ipv4Addr::new(8, 8, 8, 8), true),
    (Ipv4Addr::new(192, 168, 7, 1), false),
    (Ipv4Addr::new(10, 0, 0, 99), false),
];
/// How many of them may be listed.
pub const LISTED: usize = ROUTERS.len() - 1;
/// Addresses that the host has in turn.
pub const LOCATORS: [(Ipv4Addr, bool); 3] = [
    (Ipv4Addr::new(10, 0, 0, 5), false),
    (Ipv4Addr::new(9, 9, 9, 9), true),
    (Ipv4Addr::new(172, 16, 3, 4), false),
];

const LIFETIMES: [u32; 10] = [
    0,
    1,
    2,
    1800,
    7199,
    7200,
    7201,
    86_400,
    u32::MAX - 1,
    u32::MAX,
];
const LENGTHS: [u8; 11] = [64, 0, 1, 3, 48, 60, 63, 65, 127, 128, 129];
const NETWORKS: [u128; 7] = [
    0x2001_0db8_0000_0000 << 64,
    0x2001_0db8_0000_0001 << 64,
    0x2001_0db8_0000_0002 << 64,
    0x2001_0db8_ffff_0000 << 64,
    0xfd00_0000_0000_0000 << 64,
    0xfe80_0000_0000_0000 << 64,
    0xff0e_0000_0000_0000 << 64,
];

/// One of them.
pub fn one<T: Copy>(random: &mut Rng, of: &[T]) -> T {
    of[random.usize(..of.len())]
}

/// True once in `times`.
pub fn rarely(random: &mut Rng, times: u32) -> bool {
    random.u32(..times) == 0
}

/// The prefix, and the ISATAP identifier of `ipv4` behind it.
pub fn isatap(prefix: u64, is_global: bool, ipv4: Ipv4Addr) -> Ipv6Addr {
    let first = if is_global { 0x0200_5efe } else { 0x0000_5efe };
    let identifier = u128::from(first << 32 | u64::from(ipv4.to_bits()));
    Ipv6Addr::from_bits(u128::from(prefix) << 64 | identifier)
}

/// The link-local address of `ipv4`.
pub fn link_local(is_global: bool, ipv4: Ipv4Addr) -> Ipv6Addr {
    isatap(0xfe80 << 48, is_global, ipv4)
}

/// As on the wire: the limits of the rules more often than any other.
pub fn lifetime(random: &mut Rng) -> u32 {
    match random.u32(..8) {
        0..=4 => one(random, &LIFETIMES),
        5 | 6 => random.u32(..20_000),
        _ => random.u32(..),
    }
}

/// Address and length as an option carries them: bits behind the prefix are set at times.
pub fn prefix(random: &mut Rng) -> (u128, u8) {
    let length = if rarely(random, 3) {
        one(random, &LENGTHS)
    } else {
        64
    };
    let network = match random.u32(..16) {
        0..12 => one(random, &NETWORKS[..3]),
        12 => random.u128(..),
        13 => 0,
        _ => one(random, &NETWORKS),
    };
    let tail = if rarely(random, 4) {
        random.u128(..)
    } else {
        0
    };
    (network | tail & u128::from(u64::MAX), length)
}

/// From a millisecond to seven weeks, each order of magnitude as often.
pub fn time(random: &mut Rng) -> Duration {
    let bits = random.u32(..33);
    Duration::from_millis(random.u64(..1 << bits) + 1)
}
