use super::advert::{self, RouterAdvert};
use super::error::NdError;
use super::neighbor::{self, NeighborAdvert, NeighborSolicit};
use super::received::Received;
use super::solicit::{self, RouterSolicit};

/// Any message that this product reads (RFC 4861 section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Type 133.
    RouterSolicit(RouterSolicit),
    /// Type 134.
    RouterAdvert(RouterAdvert),
    /// Type 135.
    NeighborSolicit(NeighborSolicit),
    /// Type 136.
    NeighborAdvert(NeighborAdvert),
}

impl Message {
    /// Reads and validates by the rules of the message's type.
    pub fn decode(received: &Received<'_>) -> Result<Self, NdError> {
        match *received.bytes.first().ok_or(NdError::Length)? {
            solicit::TYPE => RouterSolicit::decode(received).map(Self::RouterSolicit),
            advert::TYPE => RouterAdvert::decode(received).map(Self::RouterAdvert),
            neighbor::SOLICIT => NeighborSolicit::decode(received).map(Self::NeighborSolicit),
            neighbor::ADVERT => NeighborAdvert::decode(received).map(Self::NeighborAdvert),
            _ => Err(NdError::Type),
        }
    }
}
