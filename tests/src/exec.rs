//! Commands that run to their end.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::interrupt;

/// Far more than any single command here takes.
const LIMIT: Duration = Duration::from_mins(1);

/// What a command left behind.
#[derive(Debug)]
pub struct Output {
    /// Its exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

/// Runs a command to its end, whatever the exit code.
pub fn output(command: &mut Command) -> Result<Output> {
    output_within(LIMIT, command)
}

/// [`output`] of a command that may take longer than others.
pub fn output_within(limit: Duration, command: &mut Command) -> Result<Output> {
    // Ctrl-C on the terminal is for the lab; it ends its commands itself.
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command
        .spawn()
        .with_context(|| format!("{command:?} does not start"))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let code = wait(&mut child, limit).with_context(|| format!("{command:?}"));
    let (stdout, stderr) = (joined(stdout), joined(stderr));
    Ok(Output {
        code: code?,
        stdout,
        stderr,
    })
}

/// What a command prints; an exit code other than 0 is an error that quotes the complaint.
pub fn read(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    if output.code != Some(0) {
        bail!(
            "{command:?} failed ({:?}): {}{}",
            output.code,
            output.stderr,
            output.stdout
        );
    }
    Ok(output.stdout)
}

/// [`read`] of a line of words outside of any namespace of the lab.
pub fn line(words: &str) -> Result<String> {
    let mut words = words.split_whitespace();
    let program = words.next().context("an empty command")?;
    read(Command::new(program).args(words))
}

fn wait(child: &mut Child, limit: Duration) -> Result<Option<i32>> {
    // What may take longer is asked after less often.
    let ended = interrupt::poll_every(limit / 3000, limit, || Ok(child.try_wait()?));
    if let Ok(Some(status)) = ended {
        return Ok(status.code());
    }
    // It may have ended by itself in the meantime.
    let _ = child.kill();
    child.wait()?;
    ended?;
    bail!("took more than {} s", limit.as_secs())
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // A broken pipe ends the output as the end of the command does.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn joined(reader: JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
}
