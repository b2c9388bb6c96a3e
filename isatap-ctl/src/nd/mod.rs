//! Router and host side of Neighbor Discovery, as machines without I/O: time goes in as an
//! argument, randomness as a seed, and what is to be sent comes out.

pub mod host;
pub mod router;

use std::net::Ipv6Addr;

use isatap_common::nd::{Arrival, NdError};

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// One of our addresses.
    pub source: Ipv6Addr,
    /// A unicast address of the link.
    pub destination: Ipv6Addr,
    /// The ICMPv6 message.
    pub bytes: Vec<u8>,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not a valid message.
    #[error("{0}")]
    Invalid(#[from] NdError),
    /// The sender is not a node of this link.
    #[error("the source is no ISATAP address of this link")]
    NotOnLink,
    /// It is not for us.
    #[error("the destination is not ours")]
    NotForUs,
    /// The sender is not in the Potential Router List.
    #[error("the source is no router of the list")]
    NotListed,
    /// Nobody asked.
    #[error("it was not solicited")]
    Unsolicited,
    /// Too many are waiting already.
    #[error("too many hosts are waiting")]
    Busy,
    /// There is no address to answer from.
    #[error("there is no locator")]
    NoLocator,
}

/// The message as the codec takes it.
fn arrival(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    hop_limit: Option<u8>,
    bytes: &[u8],
) -> Arrival<'_> {
    Arrival {
        source: source.octets(),
        destination: destination.octets(),
        hop_limit,
        bytes,
    }
}
