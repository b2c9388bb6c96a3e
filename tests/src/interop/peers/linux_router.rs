//! A Linux machine as ISATAP router: `sit`, forwarding, radvd.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use anyhow::Result;

use super::radvd::Radvd;
use super::sit::{DEVICE, Sit};
use crate::ns::Inside;

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
