use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::{config, daemon};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_FILE)]
    config: PathBuf,
}

pub(super) fn execute(options: &Options, json: bool) -> Result<ExitCode> {
    daemon::plan(&config::load(&options.config)?, json)
}
