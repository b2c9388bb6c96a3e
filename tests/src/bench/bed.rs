//! Sites with different routers in them.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::flow::BEHIND_SERVER;
use super::lane::Nics;
use crate::config::{self, Xdp};
use crate::daemon::Daemon;
use crate::interop::connectivity::in_prefix;
use crate::interop::peers::Sit;
use crate::names::Names;
use crate::pins::Pins;
use crate::site::{NATIVE, PREFIX, ROUTER, SERVER, Site};

/// A site whose router is ready; the daemon goes before the namespaces.
#[derive(Debug)]
pub struct Bed {
    daemon: Option<Daemon>,
    /// Its NICs.
    pub nics: Nics,
    /// Its namespaces.
    pub site: Site,
    /// What they are called.
    pub names: Names,
    _pins: Option<Pins>,
}

impl Bed {
    /// The kernel forwards IPv6, and programs may be attached to the router's NICs.
    pub fn bare() -> Result<Self> {
        let names = Names::unique();
        let site = Site::create(&names)?;
        Self::forwarding(names, site)
    }

    /// The router is a `sit` device.
    pub fn sit() -> Result<Self> {
        let names = Names::unique();
        let site = Site::create(&names)?;
        let sit = Sit::create(&site.router, ROUTER)?;
        sit.address(in_prefix(PREFIX, ROUTER))?;
        Self::forwarding(names, site)
    }

    /// The router is ours.
    pub fn ours(xdp: Xdp, program: &Path, directory: &Path) -> Result<Self> {
        let names = Names::unique();
        let config = config::router(names.router_device(), xdp);
        let site = Site::create(&names)?;
        Self::configured(site, names, &config, program, directory)
    }

    /// The same with accounts of more hosts than are met.
    pub fn ours_of(hosts: u32, program: &Path, directory: &Path) -> Result<Self> {
        let names = Names::unique();
        let config = config::router(names.router_device(), Xdp::Auto);
        let hosts = format!("[datapath]\nhosts = {hosts}");
        let config = config.replace("[datapath]", &hosts);
        let site = Site::create(&names)?;
        Self::configured(site, names, &config, program, directory)
    }

    /// The router of this site is ours, configured so.
    pub fn configured(
        site: Site,
        names: Names,
        config: &str,
        program: &Path,
        directory: &Path,
    ) -> Result<Self> {
        let pins = Pins::prepare(names.devices())?;
        let device = names.router_device();
        let nics = prepare(&site)?;
        let daemon = Daemon::start(program, &site.router, device, config, directory)?;
        Ok(Self {
            daemon: Some(daemon),
            nics,
            names,
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
    pub fn forwarding(names: Names, site: Site) -> Result<Self> {
        site.router.sysctl(&["net.ipv6.conf.all.forwarding=1"])?;
        let nics = prepare(&site)?;
        Ok(Self {
            daemon: None,
            nics,
            names,
            site,
            _pins: None,
        })
    }
}

/// The NICs of a site whose router has a route to what is behind the server.
fn prepare(site: &Site) -> Result<Nics> {
    site.router.run(&format!(
        "ip -6 route add {BEHIND_SERVER}/48 via {SERVER} dev {NATIVE}"
    ))?;
    Nics::prepare(site)
}
