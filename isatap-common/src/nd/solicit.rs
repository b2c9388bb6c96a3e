//! Solicitations, and the answer to one of a neighbor.

use super::{
    Arrival, NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, NdError, ROUTER_SOLICITATION, open,
    seal,
};
use crate::addr::{Ipv6, is_multicast};

/// Source Link-Layer Address.
const SOURCE_LINK_LAYER: u8 = 1;
/// The flags of a Neighbor Advertisement.
const ROUTER: u8 = 0x80;
const SOLICITED: u8 = 0x40;
const OVERRIDE: u8 = 0x20;

/// A Router Solicitation (RFC 4861 section 4.1), which on this link says nothing but its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouterSolicitation;

/// A Neighbor Solicitation (section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighborSolicitation {
    /// Who is asked for.
    pub target: Ipv6,
}

/// A Neighbor Advertisement (section 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighborAdvertisement {
    /// The sender is a router.
    pub router: bool,
    /// It answers a solicitation.
    pub solicited: bool,
    /// It replaces what is known.
    pub overrides: bool,
    /// Whom it is about.
    pub target: Ipv6,
}

impl RouterSolicitation {
    /// Reads one, by the rules of section 6.1.1.
    pub fn parse(arrival: &Arrival<'_>) -> Result<Self, NdError> {
        let (_, mut options) = open::<8>(arrival, ROUTER_SOLICITATION)?;
        let is_unspecified = arrival.source == [0; 16];
        if is_unspecified && options.any(|(kind, _)| kind == SOURCE_LINK_LAYER) {
            return Err(NdError::Option);
        }
        Ok(Self)
    }

    /// The message, its checksum right between the two addresses.
    pub fn emit(self, source: &Ipv6, destination: &Ipv6) -> Vec<u8> {
        let mut message = vec![ROUTER_SOLICITATION, 0, 0, 0, 0, 0, 0, 0];
        seal(source, destination, &mut message);
        message
    }
}

impl NeighborSolicitation {
    /// Reads one, by the rules of section 7.1.1.
    pub fn parse(arrival: &Arrival<'_>) -> Result<Self, NdError> {
        let (fixed, mut options) = open::<24>(arrival, NEIGHBOR_SOLICITATION)?;
        let target = target(fixed)?;
        if arrival.source == [0; 16] {
            let [.., a, b, c] = target;
            let solicited = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c];
            if arrival.destination != solicited {
                return Err(NdError::Destination);
            }
            if options.any(|(kind, _)| kind == SOURCE_LINK_LAYER) {
                return Err(NdError::Option);
            }
        }
        Ok(Self { target })
    }

    /// The message, its checksum right between the two addresses.
    pub fn emit(&self, source: &Ipv6, destination: &Ipv6) -> Vec<u8> {
        emit(NEIGHBOR_SOLICITATION, 0, &self.target, source, destination)
    }
}

impl NeighborAdvertisement {
    /// Reads one, by the rules of section 7.1.2.
    pub fn parse(arrival: &Arrival<'_>) -> Result<Self, NdError> {
        let (fixed, _) = open::<24>(arrival, NEIGHBOR_ADVERTISEMENT)?;
        let flags = fixed[4];
        let solicited = flags & SOLICITED != 0;
        if solicited && is_multicast(&arrival.destination) {
            return Err(NdError::Destination);
        }
        let (router, overrides) = (flags & ROUTER != 0, flags & OVERRIDE != 0);
        Ok(Self {
            router,
            solicited,
            overrides,
            target: target(fixed)?,
        })
    }

    /// The message, its checksum right between the two addresses.
    pub fn emit(&self, source: &Ipv6, destination: &Ipv6) -> Vec<u8> {
        let flags = [
            (self.router, ROUTER),
            (self.solicited, SOLICITED),
            (self.overrides, OVERRIDE),
        ];
        let flags = flags
            .into_iter()
            .filter(|(on, _)| *on)
            .map(|(_, flag)| flag)
            .sum();
        emit(
            NEIGHBOR_ADVERTISEMENT,
            flags,
            &self.target,
            source,
            destination,
        )
    }
}

fn target(fixed: &[u8; 24]) -> Result<Ipv6, NdError> {
    let target = *fixed.last_chunk::<16>().ok_or(NdError::Length)?;
    if is_multicast(&target) {
        Err(NdError::Target)
    } else {
        Ok(target)
    }
}

fn emit(kind: u8, flags: u8, target: &Ipv6, source: &Ipv6, destination: &Ipv6) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, 0, flags, 0, 0, 0];
    message.extend(target);
    seal(source, destination, &mut message);
    message
}
