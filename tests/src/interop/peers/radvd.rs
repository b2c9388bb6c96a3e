//! radvd.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;

use crate::interrupt;
use crate::ns::Inside;
use crate::process::Process;

const START: Duration = Duration::from_secs(10);
const STOP: Duration = Duration::from_secs(10);

/// The daemon, ended with this value.
#[derive(Debug)]
pub struct Radvd {
    process: Process,
}

impl Radvd {
    /// Starts it with a configuration; its files are named after the device.
    pub fn start(inside: &Inside, device: &str, config: &str, directory: &Path) -> Result<Self> {
        let file = |ending: &str| directory.join(format!("radvd-{device}.{ending}"));
        fs::write(file("conf"), config)?;
        let words = format!(
            "radvd --nodaemon --debug 5 --logmethod stderr --config {} --pidfile {}",
            file("conf").display(),
            file("pid").display()
        );
        let process = inside.start(&words, &file("log"))?;
        interrupt::poll(START, || {
            Ok(process.printed().contains("radvd startup").then_some(()))
        })?
        .with_context(|| format!("radvd does not start: {}", process.printed()))?;
        Ok(Self { process })
    }

    /// Ends it in its own way.
    pub fn stop(self) -> Result<()> {
        self.process.stop(Signal::SIGTERM, STOP).map(drop)
    }
}
