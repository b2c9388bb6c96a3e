//! A site whose router has every NIC twice, so that two processors need not meet in one.

use std::net::Ipv6Addr;
use std::path::Path;

use anyhow::Result;

use crate::bench::bed::Bed;
use crate::bench::device::Device;
use crate::bench::flow::{Flow, OUTER};
use crate::bench::lane::{IPV4, Lane, frame};
use crate::config::{self, Xdp};
use crate::names::Names;
use crate::site::{self, NATIVE, Site, UPLINK};

/// The router's second NICs, and its neighbours'.
const SECOND_UPLINK: &str = "eth2";
const SECOND_NATIVE: &str = "eth3";
const TO_ROUTER: &str = "to-router-2";
const SERVERS: &str = "eth1";
/// Behind the second; the router's IPv4 address is the same on both uplinks.
const SERVER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 1);
const ROUTER_NATIVE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 0xfe);

/// Two ways inward through one router that share no NIC.
pub struct Pair {
    /// The router.
    pub bed: Bed,
    /// The ways.
    pub lanes: [Lane; 2],
}

impl Pair {
    /// Nobody's router: programs may be attached.
    pub fn bare() -> Result<Self> {
        let names = Names::unique();
        let site = build(&names)?;
        Self::of(Bed::forwarding(names, site)?)
    }

    /// Our router.
    pub fn ours(program: &Path, directory: &Path) -> Result<Self> {
        let names = Names::unique();
        let (uplinks, links) = ([UPLINK, SECOND_UPLINK], [NATIVE, SECOND_NATIVE]);
        let config = config::router_between(&uplinks, &links, names.router_device(), Xdp::Auto);
        // Hosts of a generator say nothing.
        let config = config.replace("[datapath]", "[datapath]\nneighbor-check = false");
        let site = build(&names)?;
        Self::of(Bed::configured(site, names, &config, program, directory)?)
    }

    fn of(bed: Bed) -> Result<Self> {
        let site = &bed.site;
        let core = Device::find(&site.core, TO_ROUTER)?;
        let uplink = Device::find(&site.router, SECOND_UPLINK)?;
        let server = Device::find(&site.server, SERVERS)?;
        let lladdr = server.lladdr();
        site.router.run(&format!(
            "ip neigh replace {SERVER} lladdr {lladdr} dev {SECOND_NATIVE} nud permanent"
        ))?;
        server.gather(false)?;
        let first = bed.nics.inward()?;
        let (packet, _) = Flow::default().with_server(SERVER).inward()?;
        let frame = frame(&uplink, &core, IPV4, &packet);
        let length = frame.len() - OUTER;
        let second = Lane::of(&core, &uplink, &server, frame, length);
        Ok(Self {
            lanes: [first, second],
            bed,
        })
    }

    /// Where frames of either way leave the router unless somebody sends them elsewhere.
    pub fn ways_out(&self) -> Result<[Device; 2]> {
        let second = Device::find(&self.bed.site.router, SECOND_NATIVE)?;
        Ok([self.bed.nics.native.clone(), second])
    }
}

fn build(names: &Names) -> Result<Site> {
    let site = Site::create(names)?;
    site::wire((&site.router, SECOND_UPLINK), (&site.core, TO_ROUTER))?;
    site::wire((&site.router, SECOND_NATIVE), (&site.server, SERVERS))?;
    site.router.run(&format!(
        "ip addr add {ROUTER_NATIVE}/64 dev {SECOND_NATIVE} nodad"
    ))?;
    site.server
        .run(&format!("ip addr add {SERVER}/64 dev {SERVERS} nodad"))?;
    Ok(site)
}
