use core::fmt;
use core::net::Ipv6Addr;

use super::option::{self, Lifetime, PREFIX_INFORMATION, ROUTE_INFORMATION};
use super::preference::Preference;

const ON_LINK: u8 = 0x80;
const AUTONOMOUS: u8 = 0x40;

/// An address and how many of its bits count; the others are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    address: Ipv6Addr,
    length: u8,
}

impl Prefix {
    /// The first `length` bits of `address`; `None` above 128.
    pub fn new(address: Ipv6Addr, length: u8) -> Option<Self> {
        let shift = 128_u32.checked_sub(u32::from(length))?;
        let mask = u128::MAX.checked_shl(shift).unwrap_or(0);
        let address = Ipv6Addr::from_bits(address.to_bits() & mask);
        Some(Self { address, length })
    }

    /// The bits that count, then zeros.
    pub const fn address(self) -> Ipv6Addr {
        self.address
    }

    /// How many bits count.
    pub const fn length(self) -> u8 {
        self.length
    }
}

impl Default for Prefix {
    /// `::/0`, which every address is in.
    fn default() -> Self {
        Self {
            address: Ipv6Addr::UNSPECIFIED,
            length: 0,
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// Prefix Information option (RFC 4861 section 4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixInformation {
    /// What it is about.
    pub prefix: Prefix,
    /// L: addresses of the prefix are reached without a router.
    pub on_link: bool,
    /// A: hosts form addresses in the prefix.
    pub autonomous: bool,
    /// How long it and its addresses are valid.
    pub valid: Lifetime,
    /// How long its addresses are preferred.
    pub preferred: Lifetime,
}

impl PrefixInformation {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let body: &[u8; 30] = body.try_into().ok()?;
        let ([length, flags], rest) = body.split_first_chunk()?;
        let (valid, rest) = rest.split_first_chunk()?;
        let (preferred, rest) = rest.split_first_chunk()?;
        let (_reserved, address) = rest.split_first_chunk::<4>()?;
        let address: [u8; 16] = address.try_into().ok()?;
        Some(Self {
            prefix: Prefix::new(address.into(), *length)?,
            on_link: flags & ON_LINK != 0,
            autonomous: flags & AUTONOMOUS != 0,
            valid: Lifetime::read(*valid),
            preferred: Lifetime::read(*preferred),
        })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let on_link = if self.on_link { ON_LINK } else { 0 };
        let autonomous = if self.autonomous { AUTONOMOUS } else { 0 };
        let mut body = vec![self.prefix.length, on_link | autonomous];
        body.extend(self.valid.to_wire().to_be_bytes());
        body.extend(self.preferred.to_wire().to_be_bytes());
        body.extend([0; 4]);
        body.extend(self.prefix.address.octets());
        option::write(PREFIX_INFORMATION, &body)
    }
}

/// Route Information option (RFC 4191 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteInformation {
    /// Where the route leads.
    pub prefix: Prefix,
    /// Among routers that advertise it.
    pub preference: Preference,
    /// How long it holds.
    pub lifetime: Lifetime,
}

impl RouteInformation {
    /// `None` also for the reserved preference, which makes the receiver ignore the option.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let ([length, flags], rest) = body.split_first_chunk()?;
        let (lifetime, bits) = rest.split_first_chunk()?;
        if bits.len() < usize::from(*length).div_ceil(64) * 8 {
            return None;
        }
        let mut address = [0; 16];
        address.get_mut(..bits.len())?.copy_from_slice(bits);
        Some(Self {
            prefix: Prefix::new(address.into(), *length)?,
            preference: Preference::from_bits(*flags)?,
            lifetime: Lifetime::read(*lifetime),
        })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut body = vec![self.prefix.length, self.preference.bits()];
        body.extend(self.lifetime.to_wire().to_be_bytes());
        let bits = usize::from(self.prefix.length).div_ceil(64) * 8;
        body.extend(self.prefix.address.octets().into_iter().take(bits));
        option::write(ROUTE_INFORMATION, &body)
    }
}
