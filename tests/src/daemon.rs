//! `isatap-ctl run` in a namespace.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::exec::{self, Output};
use crate::interrupt;
use crate::notify::Notify;
use crate::ns::Inside;
use crate::process::Process;

const READY: Duration = Duration::from_mins(1);
const STOP: Duration = Duration::from_secs(30);

/// With what it refuses.
const LOG: &str = "info,isatap_ctl=debug";

/// One daemon with its configuration file; what it made in the kernel is removed with this value.
#[derive(Debug)]
pub struct Daemon {
    program: PathBuf,
    inside: Inside,
    device: String,
    config: PathBuf,
    log: PathBuf,
    level: &'static str,
    notify: Notify,
    process: Option<Process>,
}

impl Daemon {
    /// Writes the configuration into the directory and starts the daemon; returns once it is ready.
    pub fn start(
        program: &Path,
        inside: &Inside,
        device: &str,
        config: &str,
        directory: &Path,
    ) -> Result<Self> {
        let mut daemon = Self::prepare(program, inside, device, config, directory)?;
        daemon.resume()?;
        Ok(daemon)
    }

    /// Writes the configuration; [`Self::resume`] starts the daemon.
    pub fn prepare(
        program: &Path,
        inside: &Inside,
        device: &str,
        config: &str,
        directory: &Path,
    ) -> Result<Self> {
        let daemon = Self {
            program: program.to_path_buf(),
            inside: inside.clone(),
            device: device.to_string(),
            config: directory.join(format!("{device}.toml")),
            log: directory.join(format!("{device}.log")),
            level: LOG,
            notify: Notify::bind(directory.join(format!("{device}.notify")))?,
            process: None,
        };
        daemon.configure(config)?;
        Ok(daemon)
    }

    /// Replaces the configuration file; [`Self::reload`] or [`Self::resume`] make it hold.
    pub fn configure(&self, config: &str) -> Result<()> {
        fs::write(&self.config, config).with_context(|| self.config.display().to_string())
    }

    /// The configuration file as it is now.
    pub fn configuration(&self) -> Result<String> {
        fs::read_to_string(&self.config).with_context(|| self.config.display().to_string())
    }

    /// Logs no more than it does by itself.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.hush();
        self
    }

    /// From the next start on logs no more than it does by itself.
    pub fn hush(&mut self) {
        self.level = "info";
    }

    /// Starts it (again) and waits until packets can flow.
    pub fn resume(&mut self) -> Result<()> {
        self.notify.drain()?;
        let mut command = self.inside.command(&self.program);
        command.arg("run").arg("--config").arg(&self.config);
        command.env("NOTIFY_SOCKET", self.notify.path());
        command.env("RUST_LOG", self.level);
        self.process = Some(Process::start(&mut command, &self.log)?);
        self.wait_ready()
    }

    /// Has it read its configuration again.
    pub fn reload(&mut self) -> Result<()> {
        self.notify.drain()?;
        self.running()?.signal(Signal::SIGHUP)?;
        self.wait_ready()?;
        if !self.notify.was_reloading() {
            bail!("it was ready without having said that it reloads");
        }
        Ok(())
    }

    /// The same where the file calls the device by another name.
    pub fn reload_as(&mut self, device: &str) -> Result<()> {
        self.reload()?;
        device.clone_into(&mut self.device);
        Ok(())
    }

    /// SIGTERM; the datapath stays.
    pub fn stop(&mut self) -> Result<()> {
        let Some(process) = self.process.take() else {
            return Ok(());
        };
        if !process.stop(Signal::SIGTERM, STOP)? {
            bail!(
                "the daemon of {} did not end within {} s of SIGTERM",
                self.device,
                STOP.as_secs()
            );
        }
        Ok(())
    }

    /// SIGKILL; the datapath stays.
    pub fn kill(&mut self) -> Result<()> {
        self.process
            .take()
            .context("no daemon to kill")?
            .stop(Signal::SIGKILL, STOP)
            .map(drop)
    }

    /// Removes what it made in the kernel.
    pub fn down(&mut self) -> Result<()> {
        self.stop()?;
        self.ctl(&["down"]).map(drop)
    }

    /// What `isatap-ctl` prints about this device.
    pub fn ctl(&self, args: &[&str]) -> Result<String> {
        exec::read(self.command().args(args))
    }

    /// [`Self::ctl`] whatever the exit code.
    pub fn ctl_output(&self, args: &[&str]) -> Result<Output> {
        exec::output(self.command().args(args))
    }

    /// What `isatap-ctl` prints about this device as a document.
    pub fn json(&self, args: &[&str]) -> Result<Value> {
        let printed = exec::read(self.command().arg("--json").args(args))?;
        serde_json::from_str(&printed).with_context(|| format!("{args:?} printed {printed}"))
    }

    /// What `isatap-ctl` prints whatever the device; an exit code other than 0 is an error.
    pub fn ctl_bare(&self, args: &[&str]) -> Result<String> {
        exec::read(self.inside.command(&self.program).args(args))
    }

    /// The process, while there is one.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// The name of its ISATAP device.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// What it logged.
    pub fn logged(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn command(&self) -> std::process::Command {
        let mut command = self.inside.command(&self.program);
        command.args(["--interface", &self.device]);
        command
    }

    fn running(&mut self) -> Result<&mut Process> {
        self.process.as_mut().context("the daemon is not running")
    }

    fn wait_ready(&mut self) -> Result<()> {
        let process = self.process.as_mut().context("the daemon is not running")?;
        let ready = interrupt::poll_every(Duration::ZERO, READY, || {
            if self.notify.becomes_ready()? {
                return Ok(Some(()));
            }
            match process.ended()? {
                Some(status) => bail!("it ended: {status}"),
                None => Ok(None),
            }
        });
        let failure = match ready {
            Ok(Some(())) => return Ok(()),
            Ok(None) => format!("not ready within {} s", READY.as_secs()),
            Err(error) => error.to_string(),
        };
        bail!(
            "the daemon of {}: {failure}\n{}",
            self.device,
            last_lines(&self.logged(), 12)
        )
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        interrupt::cleaning_up();
        if let Err(error) = self.down() {
            eprintln!("removing {}: {error:#}", self.device);
        }
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    let start = lines.len().saturating_sub(count);
    lines.get(start..).unwrap_or_default().join("\n")
}
