//! The daemon.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::config::Settings;

/// Runs in the foreground until it is stopped.
pub fn run(_settings: Settings) -> Result<ExitCode> {
    bail!("the daemon is not built in")
}

/// Prints what [`run`] would change.
pub fn plan(_settings: Settings, _json: bool) -> Result<ExitCode> {
    bail!("the daemon is not built in")
}

/// Removes everything that [`run`] made for `interface`.
pub fn down(_interface: &str) -> Result<ExitCode> {
    bail!("the daemon is not built in")
}
