//! A Linux machine as ISATAP router: `sit`, forwarding, radvd.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::radvd::Radvd;
use super::sit::{DEVICE, Sit};
use crate::interop::connectivity::in_prefix;
use crate::ns::Inside;
use crate::site::PREFIX;

/// A router that advertises by unicast what its configuration says.
#[derive(Debug)]
pub struct LinuxRouter {
    radvd: Radvd,
    sit: Sit,
    inside: Inside,
}

impl LinuxRouter {
    /// Makes one of a node; `options` stand inside radvd's interface section.
    pub fn start(
        inside: &Inside,
        local: Ipv4Addr,
        address: Ipv6Addr,
        options: &str,
        directory: &Path,
    ) -> Result<Self> {
        inside.sysctl(&["net.ipv6.conf.all.forwarding=1"])?;
        let sit = Sit::create(inside, local)?;
        sit.address(address)?;
        let config = format!(
            "interface {DEVICE} {{\n AdvSendAdvert on;\n UnicastOnly on;\n AdvLinkMTU 1480;\n{options}}};\n"
        );
        Ok(Self {
            radvd: Radvd::start(inside, DEVICE, &config, directory)?,
            sit,
            inside: inside.clone(),
        })
    }

    /// One that advertises the site's prefix for so many seconds and says how much it is preferred; its
    /// files have a directory named so.
    pub fn preferred(
        inside: &Inside,
        local: Ipv4Addr,
        (preference, lifetime): (&str, u32),
        directory: &Path,
    ) -> Result<Self> {
        let options = format!(
            " MaxRtrAdvInterval {};\n AdvDefaultLifetime {lifetime};\n AdvDefaultPreference {preference};\n \
             prefix {PREFIX}/64 {{ AdvOnLink on; AdvAutonomous on; AdvValidLifetime {lifetime}; \
             AdvPreferredLifetime {lifetime}; }};\n",
            lifetime / 3
        );
        let directory = directory.join(preference);
        fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
        Self::start(
            inside,
            local,
            in_prefix(PREFIX, local),
            &options,
            &directory,
        )
    }

    /// Its link-local address.
    pub fn link_local(&self) -> Result<Ipv6Addr> {
        self.sit.link_local()
    }

    /// Takes it out of service: no word any more, and nothing is forwarded.
    pub fn stop(self) -> Result<()> {
        self.radvd.stop()?;
        self.inside.run(&format!("ip link del {DEVICE}")).map(drop)
    }
}
