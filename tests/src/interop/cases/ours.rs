//! Our host at our router.

use anyhow::{Result, ensure};

use crate::config::{self, Xdp};
use crate::interop::case::Case;
use crate::interop::connectivity::{
    carries_tcp, configured, in_prefix, link_local, lost_of_three, reaches,
};
use crate::interop::scene::Scene;
use crate::site::{HOST_A, HOST_B, PREFIX, ROUTER, SERVER, UPLINK};

pub const CASES: &[Case] = &[
    Case::new(
        "ours-xdp",
        "this product",
        "our router with XDP, our hosts: addresses, ping, TCP, host to host",
        |scene| ours(scene, Xdp::Auto),
    ),
    Case::new(
        "ours-tc",
        "this product",
        "our router without XDP, our hosts: addresses, ping, TCP, host to host",
        |scene| ours(scene, Xdp::Off),
    ),
];

fn ours(scene: &mut Scene, xdp: Xdp) -> Result<()> {
    expect(scene)?;
    let (a, b) = (
        scene.names.host_a_device().to_owned(),
        scene.names.host_b_device().to_owned(),
    );
    let router = scene.names.router_device().to_owned();
    let router = scene.start(&scene.site.router, &router, &config::router(&router, xdp))?;
    let _host_a = scene.start(&scene.site.host_a, &a, &config::host(&a))?;
    let _host_b = scene.start(&scene.site.host_b, &b, &config::host(&b))?;
    for (host, device, ipv4) in [
        (&scene.site.host_a, &a, HOST_A),
        (&scene.site.host_b, &b, HOST_B),
    ] {
        configured(host, device, in_prefix(PREFIX, ipv4))?;
        reaches(host, SERVER)?;
        reaches(&scene.site.server, in_prefix(PREFIX, ipv4))?;
    }
    let to_b = in_prefix(PREFIX, HOST_B);
    ensure!(
        lost_of_three(&scene.site.host_a, to_b)? == 0,
        "{to_b} is lost"
    );
    carries_tcp(scene, &scene.site.host_a, &scene.site.server, SERVER)?;
    let status = router.json(&["status"])?;
    scene.write("router.status.json", &status.to_string())?;
    Ok(())
}

fn expect(scene: &mut Scene) -> Result<()> {
    let (a, b) = (in_prefix(PREFIX, HOST_A), in_prefix(PREFIX, HOST_B));
    let wire = scene.capture_at_router()?;
    let (ours, theirs) = (link_local(ROUTER), link_local(HOST_A));
    wire.sees(
        "the host solicits by unicast, without options",
        &format!(
            "icmpv6.type == 133 && ip.src == {HOST_A} && ip.dst == {ROUTER} && ipv6.src == {theirs} \
             && ipv6.dst == {ours} && ipv6.hlim == 255 && ipv6.plen == 8"
        ),
    );
    wire.sees(
        "the router advertises by unicast",
        &format!(
            "icmpv6.type == 134 && ipv6.src == {ours} && ipv6.dst == {theirs} && ipv6.hlim == 255"
        ),
    );
    wire.never_sees(
        "neither sets Don't Fragment",
        "ip.proto == 41 && ip.flags.df == 1",
    );
    wire.sees(
        "answers have lost one hop",
        &format!(
            "icmpv6.type == 129 && ipv6.src == {SERVER} && ipv6.dst == {a} && ipv6.hlim == 63"
        ),
    );
    wire.never_sees(
        "host to host does not pass the router",
        &format!("ipv6.src == {a} && ipv6.dst == {b}"),
    );
    let host = (*scene.site.host_b).clone();
    scene.capture(&host, UPLINK)?.sees(
        "host to host goes directly, and loses no hop",
        &format!("icmpv6.type == 128 && ip.src == {HOST_A} && ipv6.src == {a} && ipv6.dst == {b} && ipv6.hlim == 64"),
    );
    Ok(())
}
