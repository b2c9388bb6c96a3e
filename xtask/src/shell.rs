//! Starting other programs.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// A command that starts at the root of the repository.
pub fn command(program: &str, args: &[&str]) -> Result<Command> {
    let mut command = Command::new(program);
    command.args(args).current_dir(workspace::root()?);
    Ok(command)
}

/// Announces and runs a command; its output goes straight to the terminal.
pub fn run(program: &str, args: &[&str]) -> Result<()> {
    run_command(&mut command(program, args)?)
}

/// [`run`] for a command that was prepared further.
pub fn run_command(command: &mut Command) -> Result<()> {
    println!("$ {}", words(command));
    let status = command
        .status()
        .with_context(|| format!("{} does not start", words(command)))?;
    ensure!(status.success(), "`{}` failed: {status}", words(command));
    Ok(())
}

/// What a command prints, if it succeeds.
pub fn read(program: &str, args: &[&str]) -> Option<String> {
    let output = command(program, args).ok()?.output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a command succeeds; nothing of it is shown.
pub fn succeeds(program: &str, args: &[&str]) -> bool {
    command(program, args)
        .and_then(|mut command| {
            Ok(command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()?)
        })
        .is_ok_and(|status| status.success())
}

fn words(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let args = command.get_args().map(|arg| arg.to_string_lossy());
    std::iter::once(program)
        .chain(args)
        .collect::<Vec<_>>()
        .join(" ")
}
