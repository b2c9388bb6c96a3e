//! Everything that a story needs, and that has to go away after it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::config::{self, Xdp};
use crate::daemon::Daemon;
use crate::names::Names;
use crate::pins::Pins;
use crate::site::Site;
use crate::{interrupt, sweep};

/// The site with its daemons. Fields are dropped in this order: daemons take their devices down
/// while their namespaces are still there.
#[derive(Debug)]
pub struct Lab {
    router: Option<Daemon>,
    host_a: Option<Daemon>,
    host_b: Option<Daemon>,
    /// The namespaces.
    pub site: Site,
    /// What they are called.
    pub names: Names,
    _pins: Pins,
    directory: Directory,
    program: PathBuf,
}

impl Lab {
    /// The site with no daemon yet; `program` is `isatap-ctl`.
    pub fn create(names: Names, program: &Path) -> Result<Self> {
        let directory = Directory::create(&names)?;
        let pins = Pins::prepare(names.devices())?;
        let site = Site::create(&names)?;
        Ok(Self {
            router: None,
            host_a: None,
            host_b: None,
            site,
            names,
            _pins: pins,
            directory,
            program: program.to_path_buf(),
        })
    }

    /// Starts the router.
    pub fn start_router(&mut self, xdp: Xdp) -> Result<&mut Daemon> {
        self.start_router_by(&config::router(self.names.router_device(), xdp))
    }

    /// Starts it with a configuration of the story's own.
    pub fn start_router_by(&mut self, config: &str) -> Result<&mut Daemon> {
        let daemon = self.start(&self.site.router, self.names.router_device(), config)?;
        Ok(self.router.insert(daemon))
    }

    /// Starts host a.
    pub fn start_host_a(&mut self) -> Result<&mut Daemon> {
        self.start_host_a_by(&config::host(self.names.host_a_device()))
    }

    /// Starts it with a configuration of the story's own.
    pub fn start_host_a_by(&mut self, config: &str) -> Result<&mut Daemon> {
        let daemon = self.start(&self.site.host_a, self.names.host_a_device(), config)?;
        Ok(self.host_a.insert(daemon))
    }

    /// Starts host b.
    pub fn start_host_b(&mut self) -> Result<&mut Daemon> {
        self.start_host_b_by(&config::host(self.names.host_b_device()))
    }

    /// Starts it with a configuration of the story's own.
    pub fn start_host_b_by(&mut self, config: &str) -> Result<&mut Daemon> {
        let daemon = self.start(&self.site.host_b, self.names.host_b_device(), config)?;
        Ok(self.host_b.insert(daemon))
    }

    /// Stops the router and starts it with another fast path; the datapath stays meanwhile.
    pub fn restart_router(&mut self, xdp: Xdp) -> Result<()> {
        let config = config::router(self.names.router_device(), xdp);
        let router = self.router_mut()?;
        router.stop()?;
        router.configure(&config)?;
        router.resume()
    }

    /// The router's daemon.
    pub fn router(&self) -> Result<&Daemon> {
        self.router.as_ref().context("the router was not started")
    }

    /// The router's daemon, to start and stop it.
    pub fn router_mut(&mut self) -> Result<&mut Daemon> {
        self.router.as_mut().context("the router was not started")
    }

    /// Host a's daemon.
    pub fn host_a(&self) -> Result<&Daemon> {
        self.host_a.as_ref().context("host a was not started")
    }

    /// Host a's daemon, to start and stop it.
    pub fn host_a_mut(&mut self) -> Result<&mut Daemon> {
        self.host_a.as_mut().context("host a was not started")
    }

    /// Host b's daemon, to start and stop it.
    pub fn host_b_mut(&mut self) -> Result<&mut Daemon> {
        self.host_b.as_mut().context("host b was not started")
    }

    /// Host b's daemon.
    pub fn host_b(&self) -> Result<&Daemon> {
        self.host_b.as_ref().context("host b was not started")
    }

    /// A file in the lab's own directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path.join(name)
    }

    /// Starts a daemon that the caller keeps; it must not outlive the lab.
    pub fn start(&self, inside: &crate::ns::Inside, device: &str, config: &str) -> Result<Daemon> {
        Daemon::start(&self.program, inside, device, config, &self.directory.path)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        interrupt::cleaning_up();
    }
}

#[derive(Debug)]
struct Directory {
    path: PathBuf,
}

impl Directory {
    fn create(names: &Names) -> Result<Self> {
        let path = names.directory();
        fs::create_dir(&path).with_context(|| path.display().to_string())?;
        let devices = names.devices().join("\n");
        fs::write(path.join(sweep::DEVICES), devices)?;
        Ok(Self { path })
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("{}: {error}", self.path.display());
        }
    }
}
