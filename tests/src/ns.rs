//! Named network namespaces.

use std::fs::File;
use std::net::Ipv6Addr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use nix::sched::{CloneFlags, setns};

use crate::exec::{self, Output};
use crate::interrupt;
use crate::process::Process;

/// Where iproute2 keeps the names.
pub const DIRECTORY: &str = "/run/netns";
/// Where a system names its resolvers.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// A namespace that is removed with this value.
#[derive(Debug)]
pub struct Namespace {
    inside: Inside,
}

/// The way into a namespace that somebody else owns.
#[derive(Clone, Debug)]
pub struct Inside {
    name: String,
    resolv_conf: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

impl Namespace {
    /// Makes it, with its loopback up.
    pub fn create(name: &str) -> Result<Self> {
        exec::line(&format!("ip netns add {name}"))?;
        let namespace = Self {
            inside: Inside {
                name: name.to_string(),
                resolv_conf: None,
                environment: Vec::new(),
            },
        };
        namespace.run("ip link set lo up")?;
        Ok(namespace)
    }
}

impl Deref for Namespace {
    type Target = Inside;

    fn deref(&self) -> &Inside {
        &self.inside
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        interrupt::cleaning_up();
        if let Err(error) = remove(&self.inside.name) {
            eprintln!("{error:#}");
        }
    }
}

impl Inside {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The command that a person types to get in.
    pub fn entrance(&self) -> String {
        format!("nsenter --net={DIRECTORY}/{} bash", self.name)
    }

    /// A command in here. Not by `ip netns exec`, whose own /sys hides the pinned programs.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net={DIRECTORY}/{}", self.name))
            .arg("--");
        if let Some(file) = &self.resolv_conf {
            let bind = format!("mount -o bind \"$0\" {RESOLV_CONF} && exec \"$@\"");
            command
                .args(["unshare", "--mount", "sh", "-c", &bind])
                .arg(file);
        }
        command.arg(program);
        let environment = self.environment.iter();
        command.envs(environment.map(|(name, value)| (name, value)));
        command
    }

    /// The same way in for commands that have a variable in their environment.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut inside = self.clone();
        let variable = (name.to_owned(), value.to_owned());
        inside.environment.push(variable);
        inside
    }

    /// The same way in for commands that find `file` where the system has its resolvers.
    #[must_use]
    pub fn resolving_by(&self, file: &Path) -> Self {
        let resolv_conf = Some(file.to_path_buf());
        Self {
            resolv_conf,
            ..self.clone()
        }
    }

    /// What a line of words prints; an exit code other than 0 is an error.
    pub fn run(&self, words: &str) -> Result<String> {
        exec::read(&mut self.line(words)?)
    }

    /// Runs a line of words whatever its exit code.
    pub fn output(&self, words: &str) -> Result<Output> {
        exec::output(&mut self.line(words)?)
    }

    /// Starts a line of words in the background.
    pub fn start(&self, words: &str, log: &Path) -> Result<Process> {
        Process::start(&mut self.line(words)?, log)
    }

    /// Sets kernel parameters below `net`.
    pub fn sysctl(&self, settings: &[&str]) -> Result<()> {
        self.run(&format!("sysctl -q -w {}", settings.join(" ")))
            .map(drop)
    }

    /// Runs a function in here: its sockets belong to this namespace.
    pub fn enter<T: Send>(&self, act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let path = Path::new(DIRECTORY).join(&self.name);
        // A thread's namespace is its own, so this one is thrown away afterwards.
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let file = File::open(&path).with_context(|| path.display().to_string())?;
                setns(file, CloneFlags::CLONE_NEWNET)?;
                act()
            });
            thread
                .join()
                .map_err(|_| anyhow!("a thread in {} panicked", path.display()))?
        })
    }

    /// The global IPv6 addresses of a device.
    pub fn global_addresses(&self, device: &str) -> Result<Vec<Ipv6Addr>> {
        let listed = self.run(&format!("ip -6 -o addr show dev {device} scope global"))?;
        let words = listed
            .lines()
            .filter_map(|line| line.split_whitespace().nth(3));
        Ok(words
            .filter_map(|word| word.split('/').next()?.parse().ok())
            .collect())
    }

    fn line(&self, words: &str) -> Result<Command> {
        let mut words = words.split_whitespace();
        let mut command = self.command(words.next().context("an empty command")?);
        command.args(words);
        Ok(command)
    }
}

/// Ends every process in a namespace and removes it.
pub fn remove(name: &str) -> Result<()> {
    let listed = exec::line(&format!("ip netns pids {name}"))?;
    for process in listed.split_whitespace() {
        // One that ended in the meantime is as good as ended by this.
        let _ = exec::line(&format!("kill -9 {process}"));
    }
    exec::line(&format!("ip netns delete {name}")).map(drop)
}
