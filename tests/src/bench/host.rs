//! Our host in a site with our router, and the packets that it hears.

use std::path::Path;

use anyhow::Result;

use super::bed::Bed;
use super::device::Device;
use super::entrance::Entrance;
use super::flow;
use super::lane::{IPV4, Lane, frame};
use super::sink::Kind;
use crate::config;
use crate::daemon::Daemon;
use crate::interop::connectivity::{configured, in_prefix};
use crate::packet::Outer;
use crate::site::{HOST_A, HOST_B, PREFIX, ROUTER, SERVER, UPLINK};

/// Host a, configured by the router.
#[derive(Debug)]
pub struct Hosted {
    /// Its daemon.
    pub daemon: Daemon,
    /// Protocol 41 from host b.
    pub from_host: Lane,
    /// Protocol 41 from the server by way of the router.
    pub from_router: Lane,
}

impl Hosted {
    /// Starts it, and waits until it has an address.
    pub fn join(bed: &Bed, program: &Path, directory: &Path) -> Result<Self> {
        let (site, device) = (&bed.site, bed.names.host_a_device());
        let host = &site.host_a;
        let daemon = Daemon::start(program, host, device, &config::host(device), directory)?;
        configured(host, device, in_prefix(PREFIX, HOST_A))?;
        let core = Device::find(&site.core, "to-a")?;
        let uplink = Device::find(host, UPLINK)?;
        let tunnel = Device::without_address(host, device)?;
        core.gather(false)?;
        let lane = |remote, source| -> Result<Lane> {
            let inner = flow::packet(source, in_prefix(PREFIX, HOST_A))?;
            let packet = Outer::new(remote, HOST_A).packet(&inner)?;
            let frame = frame(&uplink, &core, IPV4, &packet);
            Ok(Lane::of(&core, &uplink, &tunnel, frame, inner.len()))
        };
        Ok(Self {
            from_host: lane(HOST_B, in_prefix(PREFIX, HOST_B))?,
            from_router: lane(ROUTER, SERVER)?,
            daemon,
        })
    }
}

/// Instructions a packet, up to the IPv6 stack.
pub fn cost(lane: &Lane, packets: u32) -> Result<u64> {
    let _opened = Entrance::Pass.open(&lane.router)?;
    Ok(lane.run(Kind::Tc, packets)?.whole()?.cost)
}
