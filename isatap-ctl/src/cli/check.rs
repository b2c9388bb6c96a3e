use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::{Output, exit};
use crate::config::{self, Diagnostic, Diagnostics, Settings};
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
    notes: &'a [Diagnostic],
}

pub(super) fn execute(options: &Options, output: &mut Output<'_>) -> Result<ExitCode> {
    let result = config::load(&options.config);
    if output.json {
        return document(&result, output);
    }
    for note in result?.notes {
        writeln!(output.to, "{note}")?;
    }
    writeln!(output.to, "{}: ok", options.config.display())?;
    Ok(ExitCode::SUCCESS)
}

fn document(result: &Result<Settings, Diagnostics>, output: &mut Output<'_>) -> Result<ExitCode> {
    let (errors, notes) = match result {
        Ok(settings) => ([].as_slice(), settings.notes.as_slice()),
        Err(errors) => (errors.list(), [].as_slice()),
    };
    output.document(&Document {
        schema: SCHEMA,
        ok: result.is_ok(),
        errors,
        notes,
    })?;
    Ok(match result {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(exit::UNSUITABLE),
    })
}
