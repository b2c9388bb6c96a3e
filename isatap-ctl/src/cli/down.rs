use std::process::ExitCode;

use anyhow::Result;

use crate::daemon;

pub(super) fn execute(interface: &str) -> Result<ExitCode> {
    daemon::down(interface)
}
