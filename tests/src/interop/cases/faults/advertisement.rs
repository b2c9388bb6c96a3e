//! `sit` takes an advertisement if its outer source is a router of the list, whoever the inner source
//! says it is from (RFC 5214 section 8.3.3).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::both::Both;
use crate::interop::connectivity::{in_prefix, link_local};
use crate::interop::scene::Scene;
use crate::interrupt;
use crate::ns::Inside;
use crate::packet::{Inner, Outer};
use crate::pings::ping_in_vain;
use crate::site::{HOST_A, HOST_B, ROUTER, gateway};

const FORGED: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xbad, 0, 0, 0, 0, 0);
const TAKEN: Duration = Duration::from_secs(2);

/// A node that is no router advertises itself and a prefix in the router's name.
pub fn case(scene: &mut Scene) -> Result<()> {
    expect(scene)?;
    let both = Both::start(scene)?;
    both.forge(scene, "src_mismatch", advertisement)?;

    let taken = interrupt::poll(TAKEN, || {
        let taken = Taken::look(&scene.site.host_a, "is0")?;
        Ok(taken.all().then_some(()))
    })?;
    taken.context("sit takes no address and default route from the advertisement any more")?;
    let taken = Taken::look(&scene.site.host_b, both.ours.device())?;
    ensure!(!taken.any(), "ours took {taken:?}");

    // Nobody answers, and nobody has to.
    let nobody = in_prefix(FORGED, forger()).to_string();
    for host in [&scene.site.host_a, &scene.site.host_b] {
        ping_in_vain(host, &nobody, 1, 1.0)?;
    }
    scene.compare(
        "takes an address and a default route from it",
        "drops it and counts src_mismatch",
    );
    Ok(())
}

/// What a host took from it.
#[derive(Debug)]
struct Taken {
    address: bool,
    route: bool,
}

impl Taken {
    fn look(host: &Inside, device: &str) -> Result<Self> {
        let addresses = host.global_addresses(device)?;
        let routes = host.run("ip -6 route show default")?;
        Ok(Self {
            address: addresses
                .iter()
                .any(|address| address.segments().starts_with(&[0x2001, 0xdb8, 0xbad, 0])),
            route: routes.contains(&link_local(forger()).to_string()),
        })
    }

    const fn all(&self) -> bool {
        self.address && self.route
    }

    const fn any(&self) -> bool {
        self.address || self.route
    }
}

/// The core, by its address in the router's subnet.
fn forger() -> Ipv4Addr {
    gateway(ROUTER)
}

/// With a prefix for addresses, valid for an hour.
fn advertisement(to: Ipv4Addr) -> Result<Vec<u8>> {
    let hour = 3600_u32.to_be_bytes();
    let body = [
        // Hop limit, flags, lifetime; reachable time; retransmission time.
        [64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0].as_slice(),
        // Prefix information: 32 octets, a /64, on-link and autonomous.
        &[3, 4, 64, 0xc0],
        &hour,
        &hour,
        &[0; 4],
        &FORGED.octets(),
    ]
    .concat();
    let inner = Inner::new(link_local(forger()), link_local(to)).icmp(134, 0, &body);
    Outer::new(ROUTER, to).packet(&inner.packet()?)
}

fn expect(scene: &mut Scene) -> Result<()> {
    let core = (*scene.site.core).clone();
    let forged = format!(
        "icmpv6.type == 134 && ip.src == {ROUTER} && ipv6.src == {} && icmpv6.opt.prefix == {FORGED}",
        link_local(forger())
    );
    let used = format!("ipv6.src == {FORGED}/64");
    let wire = scene.capture(&core, "to-a")?;
    wire.expect("the advertisement goes to sit", &forged, 1, Some(1));
    wire.sees(
        "sit sends from an address of the forged prefix",
        &format!("{used} && ip.src == {HOST_A}"),
    );
    let wire = scene.capture(&core, "to-b")?;
    wire.expect("the advertisement goes to ours", &forged, 1, Some(1));
    wire.sees(
        "ours sends, and not from there",
        &format!("icmpv6.type == 128 && ipv6.dst == {FORGED}/64 && ip.src == {HOST_B}"),
    );
    wire.never_sees("ours has no address of the forged prefix", &used);
    Ok(())
}
