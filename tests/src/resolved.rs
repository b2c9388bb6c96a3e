//! The real systemd-resolved, on a system bus of the lab's own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;

use crate::{exec::Output, interrupt, ns::Inside, process::Process};

/// Where the unpacked package is below the directory that cargo builds in; `cargo xtask setup` puts
/// it there, because installing it would change the resolver of the machine.
const UNPACKED: &str = "systemd-resolved";
/// Who it runs as.
const NOBODY: &str = "65534";
const CAPABILITIES: &str = "-all,+net_bind_service,+net_raw,+setpcap";
const STOP: Duration = Duration::from_secs(30);

/// A message bus.
#[derive(Debug)]
pub struct Bus {
    process: Process,
    configuration: PathBuf,
    socket: PathBuf,
}

impl Bus {
    /// Starts one with its socket in the directory; whoever can reach that may use it.
    pub fn start(directory: &Path) -> Result<Self> {
        let (configuration, socket) = (directory.join("bus.conf"), directory.join("bus"));
        write(&configuration, &socket, "")?;
        let mut command = std::process::Command::new("dbus-daemon");
        command.arg("--config-file").arg(&configuration);
        command.args(["--nofork", "--nopidfile"]);
        let process = Process::start(&mut command, &directory.join("bus.log"))?;
        interrupt::poll(STOP, || Ok(socket.exists().then_some(())))?
            .with_context(|| format!("no bus: {}", process.printed()))?;
        Ok(Self {
            process,
            configuration,
            socket,
        })
    }

    /// The way into a namespace for commands that take this bus for the system's.
    pub fn for_commands_in(directory: &Path, inside: &Inside) -> Inside {
        let address = format!("unix:path={}", directory.join("bus").display());
        inside.with("DBUS_SYSTEM_BUS_ADDRESS", &address)
    }

    /// From now on hands no message to systemd-resolved, or does again.
    pub fn refuse(&self, refuse: bool) -> Result<()> {
        let policy = if refuse {
            "<deny send_destination=\"org.freedesktop.resolve1\"/>"
        } else {
            ""
        };
        write(&self.configuration, &self.socket, policy)?;
        self.process.signal(Signal::SIGHUP)
    }
}

fn write(configuration: &Path, socket: &Path, policy: &str) -> Result<()> {
    let text = format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
         \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n\
         <busconfig><type>system</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>\
         <policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/>\
         <allow receive_sender=\"*\"/>{policy}</policy></busconfig>\n",
        socket.display()
    );
    fs::write(configuration, text).with_context(|| configuration.display().to_string())
}

/// systemd-resolved in a namespace.
#[derive(Debug)]
pub struct Resolved {
    process: Process,
    inside: Inside,
}

impl Resolved {
    /// Starts it where `inside` leads, whose commands know the bus. It does not see the machine's /run.
    pub fn start(inside: &Inside, directory: &Path) -> Result<Self> {
        let program = found("lib/systemd/systemd-resolved")?;
        let prepared = format!(
            "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/resolve && \
             chown {NOBODY}:{NOBODY} /run/systemd/resolve && exec setpriv --reuid={NOBODY} \
             --regid={NOBODY} --clear-groups --bounding-set={CAPABILITIES} \
             --inh-caps={CAPABILITIES} --ambient-caps={CAPABILITIES} \"$0\""
        );
        let mut command = inside.command("unshare");
        command
            .args(["--mount", "sh", "-c", &prepared])
            .arg(&program)
            .env("SYSTEMD_LOG_TARGET", "console");
        let process = Process::start(&mut command, &directory.join("resolved.log"))?;
        let resolved = Self {
            process,
            inside: inside.clone(),
        };
        interrupt::poll(STOP, || {
            let is_there = resolved.resolvectl(&["status"])?.code == Some(0);
            Ok(is_there.then_some(()))
        })?
        .with_context(|| format!("no systemd-resolved: {}", resolved.process.printed()))?;
        Ok(resolved)
    }

    /// What `resolvectl` comes to.
    pub fn resolvectl(&self, words: &[&str]) -> Result<Output> {
        let mut command = self.inside.command(found("usr/bin/resolvectl")?);
        crate::exec::output(command.args(words))
    }

    /// The name servers or domains (`dns`, `domain`) of a device.
    pub fn of(&self, list: &str, device: &str) -> Result<Vec<String>> {
        let shown = self.resolvectl(&[list, device])?;
        let listed = shown.stdout.split_once("): ").map(|(_, listed)| listed);
        let listed = listed.unwrap_or_default().split_whitespace();
        Ok(listed.map(ToOwned::to_owned).collect())
    }

    /// Stops to answer, or goes on.
    pub fn freeze(&self, freeze: bool) -> Result<()> {
        let signal = if freeze {
            Signal::SIGSTOP
        } else {
            Signal::SIGCONT
        };
        self.process.signal(signal)
    }

    /// Ends it.
    pub fn stop(self) -> Result<()> {
        self.process.stop(Signal::SIGTERM, STOP).map(drop)
    }
}

/// A file of the package, unpacked or installed.
fn found(file: &str) -> Result<PathBuf> {
    let test = env::current_exe()?;
    let target = test.ancestors().nth(3).context("a test below no target")?;
    let places = [target.join(UNPACKED), PathBuf::from("/")];
    let mut files = places.iter().map(|place| place.join(file));
    files
        .find(|file| file.exists())
        .with_context(|| format!("{file} is not there; cargo xtask setup brings it"))
}
