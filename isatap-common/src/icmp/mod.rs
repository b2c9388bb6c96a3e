//! ICMP about packets of the tunnel: the errors that this node sends (RFC 4443), and those that it
//! gets from the IPv4 site (RFC 792).

mod error;
mod report;
#[cfg(test)]
mod tests;

pub use error::Icmpv6Error;
pub use report::{Ipv4Report, News};
