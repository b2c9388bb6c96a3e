//! Headers as values.
//!
//! A header is read from, and written to, an array of its exact length, so neither can fail:
//! whether the octets exist was decided by [`crate::octets::Octets`]. Values are in native byte
//! order, addresses are big-endian bytes.

pub mod checksum;
pub mod ethernet;
pub mod ipv4;
pub mod ipv6;
