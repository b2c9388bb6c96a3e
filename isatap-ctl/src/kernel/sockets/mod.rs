//! Raw sockets of the control plane.

mod errors;
mod icmpv4;
mod icmpv6;
mod protocol41;
mod receive;
#[cfg(test)]
mod tests;

pub use errors::ErrorSocket;
pub use icmpv4::Icmpv4Socket;
pub use icmpv6::{Icmpv6Socket, Received};
pub use protocol41::{Datagram, Outgoing, Protocol41Socket};
