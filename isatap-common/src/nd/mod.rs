//! Neighbor Discovery messages (RFC 4861, RFC 4191, RFC 8106): bytes ⇄ values.
//!
//! Link-layer address options are never written, and skipped when read (RFC 4213 section 3.8).

mod advert;
mod checksum;
mod dns;
mod error;
mod message;
mod name;
mod neighbor;
mod option;
mod preference;
mod prefix;
mod received;
mod solicit;
mod split;
#[cfg(test)]
mod tests;

pub use advert::RouterAdvert;
pub(crate) use checksum::adds_up;
pub use checksum::{checksum, fill};
pub use dns::{DnsServers, SearchList};
pub use error::NdError;
pub use message::Message;
pub use name::DomainName;
pub use neighbor::{NeighborAdvert, NeighborSolicit};
pub use option::Lifetime;
pub use preference::Preference;
pub use prefix::{Prefix, PrefixInformation, RouteInformation};
pub use received::Received;
pub use solicit::RouterSolicit;
