//! Neighbor Discovery messages (RFC 4861, RFC 4191, RFC 8106): bytes ⇄ values.
//!
//! A message is the ICMPv6 part of a packet, from its type on. Reading checks everything that a
//! receiver must check: hop limit, checksum, code, length and the length of every option. Options
//! that are unknown are skipped, and so are link-layer addresses, which mean nothing on an ISATAP
//! link (RFC 5214 section 7.1); neither is ever written.

mod advert;
mod checksum;
mod dns;
mod options;
mod prefix;
mod solicit;

pub use advert::{Preference, RouterAdvertisement};
pub use checksum::seal;
pub use dns::{Resolvers, SearchList};
pub use options::Options;
pub use prefix::{PrefixInformation, RouteInformation};
pub use solicit::{NeighborAdvertisement, NeighborSolicitation, RouterSolicitation};

use crate::addr::Ipv6;

/// ICMPv6 type of a Router Solicitation.
pub const ROUTER_SOLICITATION: u8 = 133;
/// ICMPv6 type of a Router Advertisement.
pub const ROUTER_ADVERTISEMENT: u8 = 134;
/// ICMPv6 type of a Neighbor Solicitation.
pub const NEIGHBOR_SOLICITATION: u8 = 135;
/// ICMPv6 type of a Neighbor Advertisement.
pub const NEIGHBOR_ADVERTISEMENT: u8 = 136;

/// A message as it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// Inner source.
    pub source: Ipv6,
    /// Inner destination.
    pub destination: Ipv6,
    /// Inner hop limit; `None` where it is not known, which is as bad as a wrong one.
    pub hop_limit: Option<u8>,
    /// The ICMPv6 message.
    pub bytes: &'a [u8],
}

/// Why a message is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NdError {
    /// The hop limit is not 255, or not known.
    HopLimit,
    /// The checksum is wrong.
    Checksum,
    /// The type is another.
    Type,
    /// The code is not 0.
    Code,
    /// The message is too short.
    Length,
    /// An option has length 0 or goes beyond the end.
    Option,
    /// The source address may not send this message.
    Source,
    /// The destination does not fit the message.
    Destination,
    /// The target is a multicast address.
    Target,
}

impl core::fmt::Display for NdError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::HopLimit => "the hop limit is not 255",
            Self::Checksum => "the checksum is wrong",
            Self::Type => "the ICMPv6 type is another",
            Self::Code => "the ICMPv6 code is not 0",
            Self::Length => "the message is too short",
            Self::Option => "an option has length 0 or goes beyond the end",
            Self::Source => "the source address may not send this",
            Self::Destination => "the destination does not fit the message",
            Self::Target => "the target is a multicast address",
        })
    }
}

impl core::error::Error for NdError {}

/// Octets of the ICMPv6 header and the fixed part of a message of `kind`, and what follows, after
/// the checks that all messages have in common (RFC 4861 sections 6.1 and 7.1).
fn open<'a, const N: usize>(
    arrival: &Arrival<'a>,
    kind: u8,
) -> Result<(&'a [u8; N], Options<'a>), NdError> {
    if arrival.hop_limit != Some(255) {
        return Err(NdError::HopLimit);
    }
    let (fixed, options) = arrival
        .bytes
        .split_first_chunk::<N>()
        .ok_or(NdError::Length)?;
    if !checksum::is_valid(&arrival.source, &arrival.destination, arrival.bytes) {
        return Err(NdError::Checksum);
    }
    match fixed.as_slice() {
        [found, 0, ..] if *found == kind => Ok((fixed, Options::check(options)?)),
        [found, ..] if *found == kind => Err(NdError::Code),
        _ => Err(NdError::Type),
    }
}
