//! Neighbor Discovery without I/O (RFC 4861, RFC 5214 section 8): time, randomness and messages
//! come in, messages and state come out.

pub mod host;
pub mod reachability;
pub mod router;
pub mod watch;

mod bucket;
mod correspondents;
mod prober;
mod refusal;

pub(crate) use bucket::Bucket;
pub use correspondents::{Correspondents, Seen};
pub use prober::{Due, Prober};
pub use refusal::Refusal;
