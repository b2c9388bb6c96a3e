//! Our host and a Linux host, directly: the prefix is on-link.

use anyhow::{Result, ensure};

use crate::config::{self, Xdp};
use crate::interop::case::Case;
use crate::interop::connectivity::{carries_tcp, configured, in_prefix, reaches};
use crate::interop::peers::{Isatapd, SIT};
use crate::interop::scene::Scene;
use crate::site::{HOST_A, HOST_B, PREFIX, ROUTER, UPLINK};

pub const CASES: &[Case] = &[Case::new(
    "host-to-linux-host",
    "Linux sit host",
    "our host and a Linux host in one on-link prefix: ping, TCP, without the router",
    direct,
)];

fn direct(scene: &mut Scene) -> Result<()> {
    let (ours, theirs) = (in_prefix(PREFIX, HOST_A), in_prefix(PREFIX, HOST_B));
    expect(scene)?;
    let router = scene.names.router_device().to_owned();
    let mut router = scene.start(
        &scene.site.router,
        &router,
        &config::router(&router, Xdp::Auto),
    )?;
    let device = scene.names.host_a_device().to_owned();
    let _host = scene.start(&scene.site.host_a, &device, &config::host(&device))?;
    let _isatapd = Isatapd::start(&scene.site.host_b, &[ROUTER], &scene.file("isatapd.log"))?;
    configured(&scene.site.host_a, &device, ours)?;
    configured(&scene.site.host_b, SIT, theirs)?;
    // It has done its part.
    router.down()?;
    for (from, to) in [(&scene.site.host_a, theirs), (&scene.site.host_b, ours)] {
        reaches(from, to)?;
    }
    carries_tcp(scene, &scene.site.host_a, &scene.site.host_b, theirs)?;
    let shown = scene.site.router.output("ip link show dev eth1")?.stdout;
    ensure!(!shown.contains("xdp"), "down left a program: {shown}");
    Ok(())
}

fn expect(scene: &mut Scene) -> Result<()> {
    let (ours, theirs) = (in_prefix(PREFIX, HOST_A), in_prefix(PREFIX, HOST_B));
    let linux = (*scene.site.host_b).clone();
    let wire = scene.capture(&linux, UPLINK)?;
    wire.sees(
        "our requests come from our IPv4 address and have lost no hop",
        &format!(
            "icmpv6.type == 128 && ip.src == {HOST_A} && ip.dst == {HOST_B} && ipv6.src == {ours} \
             && ipv6.dst == {theirs} && ipv6.hlim == 64"
        ),
    );
    wire.sees(
        "requests of the Linux host go to our IPv4 address",
        &format!(
            "icmpv6.type == 128 && ip.src == {HOST_B} && ip.dst == {HOST_A} && ipv6.src == {theirs} \
             && ipv6.dst == {ours}"
        ),
    );
    wire.sees(
        "and we answer",
        &format!(
            "icmpv6.type == 129 && ip.src == {HOST_A} && ip.dst == {HOST_B} && ipv6.src == {ours}"
        ),
    );
    wire.never_sees(
        "nothing between the two passes the router",
        &format!("ip.addr == {ROUTER} && ipv6.addr == {ours}"),
    );
    Ok(())
}
