//! Options about prefixes.

use super::Preference;
use crate::addr::Ipv6;

/// Type of a Prefix Information option.
pub(super) const PREFIX_INFORMATION: u8 = 3;
/// Type of a Route Information option.
pub(super) const ROUTE_INFORMATION: u8 = 24;
/// The flags of a Prefix Information option.
const ON_LINK: u8 = 0x80;
const AUTONOMOUS: u8 = 0x40;

/// A Prefix Information option (RFC 4861 section 4.6.2). Lifetimes are seconds; all ones is for
/// ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixInformation {
    /// The prefix; bits behind its length are zero.
    pub prefix: Ipv6,
    /// Length in bits, at most 128.
    pub length: u8,
    /// Addresses in it are on this link.
    pub on_link: bool,
    /// Hosts may make addresses in it.
    pub autonomous: bool,
    /// How long the prefix is valid.
    pub valid: u32,
    /// How long addresses in it are preferred.
    pub preferred: u32,
}

/// A Route Information option (RFC 4191 section 2.3). The lifetime is in seconds; all ones is
/// for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteInformation {
    /// The destination; bits behind its length are zero.
    pub prefix: Ipv6,
    /// Length in bits, at most 128.
    pub length: u8,
    /// Among routers.
    pub preference: Preference,
    /// How long the route holds.
    pub lifetime: u32,
}

impl PrefixInformation {
    /// Reads the option, or `None` where it is malformed.
    pub(super) fn parse(option: &[u8]) -> Option<Self> {
        let option: &[u8; 32] = option.try_into().ok()?;
        let [_, _, length, flags, v0, v1, v2, v3, p0, p1, p2, p3, ..] = *option;
        Some(Self {
            prefix: truncate(option.last_chunk::<16>()?, length)?,
            length,
            on_link: flags & ON_LINK != 0,
            autonomous: flags & AUTONOMOUS != 0,
            valid: u32::from_be_bytes([v0, v1, v2, v3]),
            preferred: u32::from_be_bytes([p0, p1, p2, p3]),
        })
    }

    /// The option.
    pub(super) fn emit(&self) -> Vec<u8> {
        let flags =
            if self.on_link { ON_LINK } else { 0 } | if self.autonomous { AUTONOMOUS } else { 0 };
        let mut option = vec![PREFIX_INFORMATION, 4, self.length, flags];
        option.extend(self.valid.to_be_bytes());
        option.extend(self.preferred.to_be_bytes());
        option.extend([0; 4]);
        option.extend(self.prefix);
        option
    }
}

impl RouteInformation {
    /// Reads the option, or `None` where it is malformed or its preference is reserved.
    pub(super) fn parse(option: &[u8]) -> Option<Self> {
        let (fixed, rest) = option.split_first_chunk::<8>()?;
        let [_, units, length, flags, l0, l1, l2, l3] = *fixed;
        if units > 3 || length > 128 || units < units_for(length) {
            return None;
        }
        let mut prefix = [0; 16];
        prefix
            .iter_mut()
            .zip(rest)
            .for_each(|(to, from)| *to = *from);
        Some(Self {
            prefix: truncate(&prefix, length)?,
            length,
            preference: Preference::from_bits(flags)?,
            lifetime: u32::from_be_bytes([l0, l1, l2, l3]),
        })
    }

    /// The option, as short as the prefix allows.
    pub(super) fn emit(&self) -> Vec<u8> {
        let units = units_for(self.length);
        let mut option = vec![
            ROUTE_INFORMATION,
            units,
            self.length,
            self.preference.bits(),
        ];
        option.extend(self.lifetime.to_be_bytes());
        option.extend(self.prefix.iter().take(usize::from(units - 1) * 8));
        option
    }
}

/// Length of a Route Information option in units of eight octets.
const fn units_for(length: u8) -> u8 {
    1 + length.div_ceil(64)
}

/// `prefix` with the bits behind `length` cleared.
fn truncate(prefix: &Ipv6, length: u8) -> Option<Ipv6> {
    let host_bits = 128_u32.checked_sub(u32::from(length))?;
    let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
    Some((u128::from_be_bytes(*prefix) & mask).to_be_bytes())
}
