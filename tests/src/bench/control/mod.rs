//! What the daemon takes: to start, to read its configuration again, to answer many hosts, to
//! remember many peers.
//!
//! [`run()`] measures on this machine, in network namespaces, a controller as it is installed. The
//! figures are times, so they are worth as much as the machine was idle.

mod files;
mod hosts;
mod memory;
pub mod outcome;
mod processor;
mod reload;
pub mod report;
mod run;
mod start;
mod storm;

pub use run::{Rounds, run};
