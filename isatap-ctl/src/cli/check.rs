use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::{Output, exit};
use crate::config::{self, Diagnostic, Diagnostics};
use crate::control::SCHEMA;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_FILE)]
    config: PathBuf,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    ok: bool,
    errors: &'a [Diagnostic],
}

pub(super) fn execute(options: &Options, output: &mut Output<'_>) -> Result<ExitCode> {
    let result = config::load(&options.config);
    if output.json {
        return document(result.err().as_ref(), output);
    }
    result?;
    writeln!(output.to, "{}: ok", options.config.display())?;
    Ok(ExitCode::SUCCESS)
}

fn document(errors: Option<&Diagnostics>, output: &mut Output<'_>) -> Result<ExitCode> {
    output.document(&Document {
        schema: SCHEMA,
        ok: errors.is_none(),
        errors: errors.map(Diagnostics::list).unwrap_or_default(),
    })?;
    Ok(match errors {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::from(exit::UNSUITABLE),
    })
}
