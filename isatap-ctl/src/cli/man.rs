use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_mangen::Man;

use super::{Cli, Output};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Existing directory to write the page of every command to
    directory: Option<PathBuf>,
}

pub(super) fn execute(options: &Options, output: &mut Output<'_>) -> Result<ExitCode> {
    match &options.directory {
        Some(directory) => clap_mangen::generate_to(Cli::command(), directory)
            .with_context(|| format!("cannot write to {}", directory.display()))?,
        None => Man::new(Cli::command()).render(&mut output.to)?,
    }
    Ok(ExitCode::SUCCESS)
}
