//! Raw sockets of the control plane.

mod icmpv6;
mod protocol41;
mod receive;

pub use icmpv6::{Icmpv6Socket, Received};
pub use protocol41::{Datagram, Protocol41Socket};
