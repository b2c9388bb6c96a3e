//! The controller: configuration, control plane and inspection of an ISATAP router or host.

pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod daemon;
pub mod datapath;
pub mod kernel;
pub mod log;
pub mod nd;
pub mod plan;
pub mod prl;
