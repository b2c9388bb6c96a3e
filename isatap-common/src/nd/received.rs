use core::net::Ipv6Addr;

use super::checksum::checksum;
use super::error::NdError;
use super::option;

/// A message as the socket hands it over.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// IPv6 source address.
    pub source: Ipv6Addr,
    /// IPv6 destination address.
    pub destination: Ipv6Addr,
    /// IPv6 hop limit; `None` if the ancillary data lacks it.
    pub hop_limit: Option<u8>,
    /// From the ICMPv6 type on.
    pub bytes: &'a [u8],
}

impl<'a> Received<'a> {
    /// What RFC 4861 sections 6.1 and 7.1 ask of every message: the fixed part without the
    /// first four bytes, and the options.
    pub(super) fn parts<const N: usize>(
        &self,
        kind: u8,
    ) -> Result<(&'a [u8; N], &'a [u8]), NdError> {
        if self.hop_limit != Some(255) {
            return Err(NdError::HopLimit);
        }
        let ([found, code, _, _], rest) =
            self.bytes.split_first_chunk::<4>().ok_or(NdError::Length)?;
        if checksum(self.source, self.destination, self.bytes) != 0 {
            return Err(NdError::Checksum);
        }
        if *found != kind {
            return Err(NdError::Type);
        }
        if *code != 0 {
            return Err(NdError::Code);
        }
        let (fixed, options) = rest.split_first_chunk::<N>().ok_or(NdError::Length)?;
        option::check(options)?;
        Ok((fixed, options))
    }
}
