//! What user space asks of the kernel: devices, addresses, routes, events, sockets, settings.
//!
//! Everything acts in the network namespace of the calling thread. Nothing here decides anything;
//! `plan` says what to change.

pub mod addresses;
pub mod bpffs;
pub mod capabilities;
pub mod clsact;
mod error;
pub mod events;
pub mod link_pin;
pub mod links;
pub mod lock;
mod netlink;
#[cfg(test)]
pub(crate) mod netns;
pub mod release;
pub mod routes;
pub mod sockets;
pub mod sysctl;
pub mod tun;
pub mod watched;

pub use error::Error;
pub use netlink::{Change, Netlink};
