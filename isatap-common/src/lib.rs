//! What the kernel programs and user space share: addresses, wire formats, the packet path and
//! the layout of the maps.
//!
//! Nothing here does I/O, knows the time, allocates on the packet path or panics on any input:
//! every read of a packet is bounds-checked by [`octets::Octets`] and every failure is a
//! [`path::Reason`].
#![cfg_attr(not(any(test, feature = "user")), no_std)]

pub mod abi;
pub mod addr;
#[cfg(any(test, feature = "user"))]
pub mod icmp;
#[cfg(any(test, feature = "user"))]
pub mod nd;
pub mod octets;
pub mod path;
pub mod wire;
