use core::net::Ipv6Addr;

use super::checksum;
use super::error::NdError;
use super::received::Received;
use super::solicit::refuse_link_layer_option;

pub(super) const SOLICIT: u8 = 135;
pub(super) const ADVERT: u8 = 136;

const ROUTER: u8 = 0x80;
const SOLICITED: u8 = 0x40;
const OVERRIDE: u8 = 0x20;
/// Bits 0 to 103 of every solicited-node multicast address (RFC 4291 section 2.7.1).
const SOLICITED_NODE: u128 = 0xff02_0000_0000_0000_0000_0001_ff00_0000;

/// Neighbor Solicitation (RFC 4861 section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighborSolicit {
    /// Who is asked for.
    pub target: Ipv6Addr,
}

impl NeighborSolicit {
    /// Reads and validates (RFC 4861 section 7.1.1).
    pub fn decode(received: &Received<'_>) -> Result<Self, NdError> {
        let (fixed, options) = received.parts::<20>(SOLICIT)?;
        let (_reserved, target) = target(fixed)?;
        let solicited_node = received.destination.to_bits() >> 24 == SOLICITED_NODE >> 24;
        if received.source.is_unspecified() && !solicited_node {
            return Err(NdError::Destination);
        }
        refuse_link_layer_option(received.source, options)?;
        Ok(Self { target })
    }

    /// The message with its checksum.
    pub fn encode(self, source: Ipv6Addr, destination: Ipv6Addr) -> Vec<u8> {
        encode(SOLICIT, 0, self.target, source, destination)
    }
}

/// Neighbor Advertisement (RFC 4861 section 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighborAdvert {
    /// R: the sender is a router.
    pub router: bool,
    /// S: the answer to a unicast solicitation.
    pub solicited: bool,
    /// O: a link-layer address replaces the known one.
    pub overrides: bool,
    /// Who answers.
    pub target: Ipv6Addr,
}

impl NeighborAdvert {
    /// Reads and validates (RFC 4861 section 7.1.2).
    pub fn decode(received: &Received<'_>) -> Result<Self, NdError> {
        let (fixed, _options) = received.parts::<20>(ADVERT)?;
        let (flags, target) = target(fixed)?;
        if received.destination.is_multicast() && flags & SOLICITED != 0 {
            return Err(NdError::Solicited);
        }
        Ok(Self {
            router: flags & ROUTER != 0,
            solicited: flags & SOLICITED != 0,
            overrides: flags & OVERRIDE != 0,
            target,
        })
    }

    /// The message with its checksum.
    pub fn encode(self, source: Ipv6Addr, destination: Ipv6Addr) -> Vec<u8> {
        let flag = |set, bit| if set { bit } else { 0 };
        let flags = flag(self.router, ROUTER)
            | flag(self.solicited, SOLICITED)
            | flag(self.overrides, OVERRIDE);
        encode(ADVERT, flags, self.target, source, destination)
    }
}

fn target(fixed: &[u8; 20]) -> Result<(u8, Ipv6Addr), NdError> {
    let ([flags, _, _, _], target) = fixed.split_first_chunk::<4>().ok_or(NdError::Length)?;
    let octets: [u8; 16] = target.try_into().map_err(|_| NdError::Length)?;
    let target = Ipv6Addr::from(octets);
    if target.is_multicast() {
        return Err(NdError::Target);
    }
    Ok((*flags, target))
}

fn encode(
    kind: u8,
    flags: u8,
    target: Ipv6Addr,
    source: Ipv6Addr,
    destination: Ipv6Addr,
) -> Vec<u8> {
    let mut bytes = vec![kind, 0, 0, 0, flags, 0, 0, 0];
    bytes.extend(target.octets());
    checksum::fill(source, destination, &mut bytes);
    bytes
}
