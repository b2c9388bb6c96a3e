//! Commands that run in the background.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::interrupt;

/// A background process with its output in a file; ends with this value at the latest.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts the command.
    pub fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{command:?} does not start"))?;
        Ok(Self {
            child,
            log: log.to_path_buf(),
        })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub fn printed(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.id())?);
        kill(pid, signal).with_context(|| format!("sending {signal} to {pid}"))
    }

    /// Waits for its end; `None` when it takes longer.
    pub fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        interrupt::poll(limit, || self.ended())
    }

    /// Asks it to end, and makes it end if it does not within the limit (`false`).
    pub fn stop(mut self, signal: Signal, limit: Duration) -> Result<bool> {
        self.signal(signal)?;
        Ok(self.wait(limit)?.is_some())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing else can be done about a process that does not exist any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
