use core::net::Ipv6Addr;

use super::error::NdError;
use super::received::Received;
use super::{checksum, option};

pub(super) const TYPE: u8 = 133;

/// Router Solicitation (RFC 4861 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouterSolicit;

impl RouterSolicit {
    /// Reads and validates (RFC 4861 section 6.1.1).
    pub fn decode(received: &Received<'_>) -> Result<Self, NdError> {
        let (_reserved, options) = received.parts::<4>(TYPE)?;
        refuse_link_layer_option(received.source, options)?;
        Ok(Self)
    }

    /// The message with its checksum.
    pub fn encode(self, source: Ipv6Addr, destination: Ipv6Addr) -> Vec<u8> {
        let mut bytes = vec![TYPE, 0, 0, 0, 0, 0, 0, 0];
        checksum::fill(source, destination, &mut bytes);
        bytes
    }
}

/// The unspecified source has no link-layer address to tell.
pub(super) fn refuse_link_layer_option(source: Ipv6Addr, options: &[u8]) -> Result<(), NdError> {
    let told = option::options(options).any(|raw| raw.kind == option::SOURCE_LINK_LAYER);
    if source.is_unspecified() && told {
        return Err(NdError::LinkLayerOption);
    }
    Ok(())
}
