//! isatapd: makes the tunnel, fills its list of routers, solicits.

use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::Result;
use nix::sys::signal::Signal;

use super::sit::DEVICE;
use crate::ns::Inside;
use crate::process::Process;
use crate::site::UPLINK;

/// The daemon, ended with this value.
#[derive(Debug)]
pub struct Isatapd {
    process: Process,
}

impl Isatapd {
    /// Starts it on the uplink. Devices made from now on accept advertisements, because it makes
    /// its own.
    pub fn start(inside: &Inside, routers: &[Ipv4Addr], log: &Path) -> Result<Self> {
        inside.sysctl(&["net.ipv6.conf.default.accept_ra_rt_info_max_plen=64"])?;
        let routers: Vec<_> = routers.iter().map(Ipv4Addr::to_string).collect();
        let words = format!(
            "isatapd --name {DEVICE} --link {UPLINK} --verbose --verbose {}",
            routers.join(" ")
        );
        let process = inside.start(&words, log)?;
        Ok(Self { process })
    }

    /// Has it solicit all routers anew: it asks one that stays silent three times, then never again.
    pub fn solicit(&self) -> Result<()> {
        self.process.signal(Signal::SIGHUP)
    }

    /// What it logged.
    pub fn printed(&self) -> String {
        self.process.printed()
    }
}
