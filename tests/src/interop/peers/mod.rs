//! The peers: Linux's own tunnel and the programs that drive it.

mod isatapd;
mod radvd;
mod rdisc6;
mod sit;

pub use isatapd::Isatapd;
pub use radvd::Radvd;
pub use rdisc6::rdisc6;
pub use sit::{Sit, accept_advertisements};
