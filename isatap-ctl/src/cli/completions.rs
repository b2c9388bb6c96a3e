use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Output};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Shell to print them for
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn execute(options: &Options, output: &mut Output<'_>) -> Result<ExitCode> {
    // The generator panics when it cannot write, which it always can to memory.
    let mut script = Vec::new();
    clap_complete::generate(
        options.shell,
        &mut Cli::command(),
        "isatap-ctl",
        &mut script,
    );
    output.to.write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
