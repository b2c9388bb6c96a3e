//! The kernel programs and their maps: loading, attaching, filling.
//!
//! Maps and links are pinned, so the packets flow on when the process ends, and the next process
//! finds them again.

mod bring;
mod cache;
mod clients;
mod counters;
mod elsewhere;
mod filter;
mod hooks;
mod known;
mod links;
mod maps;
mod nics;
mod object;
mod peers;
mod probe;
mod programs;
mod side;
mod site;
mod tables;
mod told;
#[cfg(feature = "trace")]
mod trace;
mod traffic;

pub use cache::Caches;
pub use clients::Clients;
pub use counters::counted;
pub use elsewhere::six_rd_prefix;
pub use hooks::{AttachedMode, Hook, HookState};
pub use known::known_ipv4;
pub use links::{ForeignProgram, foreign_xdp};
pub use maps::{Maps, Spec, specs};
pub use nics::Nics;
pub use object::{Datapath, DatapathError};
pub use peers::Peers;
pub use probe::{fresh_jiffies, has_decap_l3};
pub use side::Side;
pub use tables::Tables;
pub use told::Told;
