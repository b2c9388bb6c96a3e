//! Sites with different routers in them.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::lane::Nics;
use crate::config::{self, Xdp};
use crate::daemon::Daemon;
use crate::interop::connectivity::in_prefix;
use crate::interop::peers::Sit;
use crate::names::Names;
use crate::pins::Pins;
use crate::site::{PREFIX, ROUTER, Site};

/// A site whose router is ready; the daemon goes before the namespaces.
#[derive(Debug)]
pub struct Bed {
    daemon: Option<Daemon>,
    /// Its NICs.
    pub nics: Nics,
    /// Its namespaces.
    pub site: Site,
    _pins: Option<Pins>,
}

impl Bed {
    /// The kernel forwards IPv6, and programs may be attached to the router's NICs.
    pub fn bare() -> Result<Self> {
        Self::forwarding(Site::create(&Names::unique())?)
    }

    /// The router is a `sit` device.
    pub fn sit() -> Result<Self> {
        let site = Site::create(&Names::unique())?;
        let sit = Sit::create(&site.router, ROUTER)?;
        sit.address(in_prefix(PREFIX, ROUTER))?;
        Self::forwarding(site)
    }

    /// The router is ours.
    pub fn ours(xdp: Xdp, program: &Path, directory: &Path) -> Result<Self> {
        let names = Names::unique();
        let config = config::router(names.router_device(), xdp);
        let site = Site::create(&names)?;
        Self::configured(site, &names, &config, program, directory)
    }

    /// The router of this site is ours, configured so.
    pub fn configured(
        site: Site,
        names: &Names,
        config: &str,
        program: &Path,
        directory: &Path,
    ) -> Result<Self> {
        let pins = Pins::prepare(names.devices())?;
        let device = names.router_device();
        let nics = Nics::prepare(&site)?;
        let daemon = Daemon::start(program, &site.router, device, config, directory)?;
        Ok(Self {
            daemon: Some(daemon),
            nics,
            site,
            _pins: Some(pins),
        })
    }

    /// Our daemon.
    pub fn daemon(&self) -> Result<&Daemon> {
        self.daemon.as_ref().context("this router is not ours")
    }

    /// The same, to stop it.
    pub fn daemon_mut(&mut self) -> Result<&mut Daemon> {
        self.daemon.as_mut().context("this router is not ours")
    }

    /// The kernel of this site's router forwards IPv6.
    pub fn forwarding(site: Site) -> Result<Self> {
        site.router.sysctl(&["net.ipv6.conf.all.forwarding=1"])?;
        let nics = Nics::prepare(&site)?;
        Ok(Self {
            daemon: None,
            nics,
            site,
            _pins: None,
        })
    }
}
