//! `status`: asks the daemon, or reads what it left behind.

mod advertising;
mod brief;
mod peers;
pub(super) mod pinned;
#[cfg(test)]
mod tests;
mod text;

use std::process::ExitCode;

use anyhow::Result;

use super::{Output, exit};
use crate::control::{self, Request, StatusDocument};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Print one line; the exit code says whether it is healthy
    #[arg(long)]
    brief: bool,
}

pub(super) fn execute(
    options: &Options,
    interface: &str,
    output: &mut Output<'_>,
) -> Result<ExitCode> {
    let status = read(interface)?;
    if output.json {
        output.document(&status)?;
    } else if options.brief {
        brief::print(&status, output)?;
    } else {
        text::print(&status, output)?;
    }
    let unhealthy = options.brief && !status.is_healthy();
    Ok(ExitCode::from(if unhealthy { exit::FAILED } else { 0 }))
}

/// A daemon that does not answer is shown as dead.
fn read(interface: &str) -> Result<StatusDocument> {
    match control::ask(interface, &Request::Status) {
        Ok(Some(status)) => return Ok(status),
        Ok(None) => {}
        Err(error) => tracing::warn!("{error:#}"),
    }
    pinned::status(interface)
}
