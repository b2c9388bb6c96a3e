//! The peers: Linux's own tunnel and the programs that drive it.

mod isatapd;
mod linux_router;
mod radvd;
mod rdisc6;
mod sit;

pub use isatapd::Isatapd;
pub use linux_router::LinuxRouter;
pub use radvd::Radvd;
pub use rdisc6::rdisc6;
pub use sit::{DEVICE as SIT, Sit, accept_advertisements};
