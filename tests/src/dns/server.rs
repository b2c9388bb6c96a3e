use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;

use crate::ns::Inside;
use crate::process::Process;

use super::NAME;

/// dnsmasq, with authority over the domain of [`NAME`].
#[derive(Debug)]
pub struct Server {
    process: Process,
    hosts: PathBuf,
}

impl Server {
    /// Starts it at one address of a namespace. It answers with lifetimes of `ttl` seconds.
    pub fn start(
        inside: &Inside,
        address: impl Into<IpAddr>,
        ttl: u32,
        routers: &[Ipv4Addr],
        directory: &Path,
    ) -> Result<Self> {
        let (hosts, address) = (directory.join("dns.hosts"), address.into());
        write(&hosts, routers)?;
        let words = format!(
            "dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --no-resolv \
             --no-hosts --bind-interfaces --listen-address={address} --local=/example.test/ \
             --local-ttl={ttl} --neg-ttl={ttl} --log-queries --log-facility=- --addn-hosts={}",
            hosts.display()
        );
        let process = inside.start(&words, &directory.join("dns.log"))?;
        Ok(Self { process, hosts })
    }

    /// Gives the name these addresses from now on.
    pub fn serve(&self, routers: &[Ipv4Addr]) -> Result<()> {
        write(&self.hosts, routers)?;
        self.process.signal(Signal::SIGHUP)
    }

    /// What it was asked and answered.
    pub fn logged(&self) -> String {
        self.process.printed()
    }
}

fn write(hosts: &Path, routers: &[Ipv4Addr]) -> Result<()> {
    let lines: Vec<_> = routers
        .iter()
        .map(|router| format!("{router} {NAME}"))
        .collect();
    fs::write(hosts, lines.join("\n") + "\n").with_context(|| hosts.display().to_string())
}
