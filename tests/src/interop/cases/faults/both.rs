//! The two in one site: `sit` on host a, ours on host b, and our router for both.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::config::{self, Xdp};
use crate::daemon::Daemon;
use crate::forge;
use crate::interop::connectivity::{configured, in_prefix, link_local};
use crate::interop::peers::{Sit, rdisc6};
use crate::interop::scene::Scene;
use crate::interrupt;
use crate::site::{HOST_A, HOST_B, PREFIX, ROUTER};
use crate::stats::Stats;

/// A host that goes on doing what it must not do would have done it by then.
const SETTLED: Duration = Duration::from_secs(1);

/// Both have an address in the prefix, and a default route by the router.
#[derive(Debug)]
pub struct Both {
    /// Our host.
    pub ours: Daemon,
    _router: Daemon,
}

impl Both {
    /// Starts router and hosts.
    pub fn start(scene: &Scene) -> Result<Self> {
        let (site, names) = (&scene.site, &scene.names);
        let router = start_router(scene)?;
        let sit = Sit::create(&site.host_a, HOST_A)?;
        sit.potential_router(ROUTER)?;
        rdisc6(&site.host_a, link_local(ROUTER), "is0")?;
        configured(&site.host_a, "is0", in_prefix(PREFIX, HOST_A))?;
        let device = names.host_b_device();
        let ours = scene.start(&site.host_b, device, &config::host(device))?;
        configured(&site.host_b, device, in_prefix(PREFIX, HOST_B))?;
        Ok(Self {
            ours,
            _router: router,
        })
    }

    /// The core, which can send anything to everybody, sends a packet to each host. Ours has to drop
    /// it for this reason and nothing else.
    pub fn forge(
        &self,
        scene: &Scene,
        reason: &str,
        packet: impl Fn(Ipv4Addr) -> Result<Vec<u8>>,
    ) -> Result<()> {
        forge::send(&scene.site.core, HOST_A, &packet(HOST_A)?)?;
        let before = Stats::read(&self.ours)?;
        forge::send(&scene.site.core, HOST_B, &packet(HOST_B)?)?;
        interrupt::sleep(SETTLED)?;
        let counted = Stats::read(&self.ours)?.since(&before);
        ensure!(
            counted.of_reason(reason) == 1,
            "ours counted no {reason}:\n{}",
            counted.lines().join("\n")
        );
        Ok(())
    }
}

/// Our router, in its place in the site.
pub fn start_router(scene: &Scene) -> Result<Daemon> {
    let device = scene.names.router_device();
    let config = config::router(device, Xdp::Auto);
    scene.start(&scene.site.router, device, &config)
}
