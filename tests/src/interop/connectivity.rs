//! What every pair of peers has to come to: addresses, routes, pings, TCP.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::scene::Scene;
use crate::interrupt;
use crate::ns::Inside;
use crate::pings::{ping, ping_in_vain};
use crate::traffic::{self, Amount, Way};

/// Longer than three solicitations 4 s apart.
const CONFIGURED: Duration = Duration::from_secs(20);
/// A guest waits for nothing and works for every question.
pub const PACE: Duration = Duration::from_millis(250);
const PINGS: u32 = 10;
/// Hundreds of segments; the guest keeps captures in memory.
const SOME: Amount = Amount::Octets(500_000);

/// The link-local ISATAP address with the u bit clear.
pub fn link_local(ipv4: Ipv4Addr) -> Ipv6Addr {
    in_prefix(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), ipv4)
}

/// The link-local ISATAP address with the u bit set.
pub fn link_local_unique(ipv4: Ipv4Addr) -> Ipv6Addr {
    unique(link_local(ipv4))
}

/// The address in a /64 with the u bit clear.
pub fn in_prefix(prefix: Ipv6Addr, ipv4: Ipv4Addr) -> Ipv6Addr {
    let interface = 0x0000_5efe_0000_0000 | u128::from(ipv4.to_bits());
    Ipv6Addr::from_bits(prefix.to_bits() | interface)
}

/// The same address with the u bit set.
pub fn unique(address: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() | 0x0200_0000_0000_0000)
}

/// Waits until a device has an address and a default route.
pub fn configured(inside: &Inside, device: &str, address: Ipv6Addr) -> Result<()> {
    let has = || -> Result<Option<()>> {
        let route = inside.run(&format!("ip -6 route show default dev {device}"))?;
        let addresses = inside.global_addresses(device).unwrap_or_default();
        Ok((addresses.contains(&address) && !route.is_empty()).then_some(()))
    };
    // The device itself may still be to come.
    let done = interrupt::poll_every(PACE, CONFIGURED, || Ok(has().unwrap_or_default()))?;
    done.with_context(|| {
        let shown = inside.output("ip -6 addr show").map(|output| output.stdout);
        let routes = inside
            .output("ip -6 route show")
            .map(|output| output.stdout);
        format!(
            "{device} has not both {address} and a default route:\n{}{}",
            shown.unwrap_or_default(),
            routes.unwrap_or_default()
        )
    })
}

/// Pings, of which none may be lost.
pub fn reaches(inside: &Inside, to: Ipv6Addr) -> Result<()> {
    let pings = ping(inside, &to.to_string(), PINGS, 0.05)?;
    ensure!(pings.lost() == 0, "ping {to}: {pings}");
    Ok(())
}

/// How many of three pings are lost.
pub fn lost_of_three(inside: &Inside, to: Ipv6Addr) -> Result<u32> {
    Ok(3 - ping_in_vain(inside, &to.to_string(), 3, 0.2)?)
}

/// One connection each way, with data.
pub fn carries_tcp(scene: &Scene, client: &Inside, server: &Inside, to: Ipv6Addr) -> Result<()> {
    for (way, log) in [(Way::Upload, "upload"), (Way::Download, "download")] {
        let log = scene.file(&format!("iperf3-{log}.log"));
        let rate = traffic::tcp(client, server, &to.to_string(), way, SOME, &log)?;
        ensure!(rate > 0.0, "no data by TCP to {to}, {way:?}");
    }
    Ok(())
}
