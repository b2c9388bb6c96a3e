//! Our router, and Linux's `sit` as its host.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::config::{self, Xdp};
use crate::interop::case::Case;
use crate::interop::connectivity::{carries_tcp, configured, in_prefix, link_local, reaches};
use crate::interop::peers::{Isatapd, SIT, Sit, rdisc6};
use crate::interop::scene::Scene;
use crate::interrupt;
use crate::site::{HOST_A, PREFIX, ROUTER, SERVER};

pub const CASES: &[Case] = &[
    Case::new(
        "router-isatapd",
        "Linux sit, isatapd",
        "our router: solicited by isatapd; addresses by the kernel, ping, TCP",
        isatapd,
    ),
    Case::new(
        "router-rdisc6",
        "Linux sit, rdisc6",
        "our router: solicited by rdisc6; addresses by the kernel, ping, TCP",
        rdisc6_host,
    ),
];

fn isatapd(scene: &mut Scene) -> Result<()> {
    expect_solicitation(scene, "ip.ttl == 63 && ip.flags.df == 1")?;
    let _router = start_router(scene)?;
    let daemon = Isatapd::start(&scene.site.host_a, &[ROUTER], &scene.file("isatapd.log"))?;
    connected(scene).with_context(|| format!("isatapd: {}", daemon.printed()))
}

fn rdisc6_host(scene: &mut Scene) -> Result<()> {
    expect_solicitation(scene, "ip.ttl == 63")?;
    let router = start_router(scene)?;
    let sit = Sit::create(&scene.site.host_a, HOST_A)?;
    sit.potential_router(ROUTER)?;
    let own = interrupt::poll(Duration::from_secs(5), || Ok(sit.link_local().ok()))?;
    ensure!(own == Some(link_local(HOST_A)), "the kernel made {own:?}");
    let advertised = rdisc6(&scene.site.host_a, link_local(ROUTER), SIT)?;
    for line in advertised.lines().filter(|line| line.contains(" : ")) {
        scene.note(line.trim());
    }
    connected(scene)?;
    // Another one, which has not heard from the host, and whom the host says nothing by itself.
    drop(router);
    let host = &scene.site.host_a;
    let left = || {
        let default = host.run(&format!("ip -6 route show default dev {SIT}"))?;
        Ok(default.trim().is_empty().then_some(()))
    };
    let told = interrupt::poll(Duration::from_secs(5), left)?;
    ensure!(told.is_some(), "the kernel keeps a router that has ceased");
    let again = format!(
        "ip -6 route add default via {} dev {SIT}",
        link_local(ROUTER)
    );
    host.run(&again)?;
    expect_probe(scene)?;
    let _router = start_router(scene)?;
    reaches(&scene.site.server, in_prefix(PREFIX, HOST_A))
}

/// Before the server's packets are sent to the host, our router asks whether it is there.
fn expect_probe(scene: &mut Scene) -> Result<()> {
    let (ours, theirs) = (link_local(ROUTER), link_local(HOST_A));
    let wire = scene.capture_at_router()?;
    wire.sees(
        "we ask a host that was not heard from whether it is there",
        &format!(
            "icmpv6.type == 135 && ip.dst == {HOST_A} && ipv6.src == {ours} && ipv6.dst == {theirs} \
             && ipv6.hlim == 255 && icmpv6.nd.ns.target_address == {theirs}"
        ),
    );
    wire.sees(
        "the host answers",
        &format!(
            "icmpv6.type == 136 && ip.src == {HOST_A} && ipv6.src == {theirs} && ipv6.dst == {ours} \
             && icmpv6.nd.na.target_address == {theirs}"
        ),
    );
    Ok(())
}

fn start_router(scene: &Scene) -> Result<crate::daemon::Daemon> {
    let device = scene.names.router_device();
    scene.start(
        &scene.site.router,
        device,
        &config::router(device, Xdp::Auto),
    )
}

/// What must be seen between the host and our router, one hop of IPv4 from the host.
fn expect_solicitation(scene: &mut Scene, outer: &str) -> Result<()> {
    let (ours, theirs) = (link_local(ROUTER), link_local(HOST_A));
    let wire = scene.capture_at_router()?;
    wire.sees(
        "the host solicits by unicast",
        &format!("icmpv6.type == 133 && ip.dst == {ROUTER} && ipv6.dst == {ours} && {outer}"),
    );
    wire.sees(
        "we advertise the prefix by unicast from the address that was asked, hop limit 255",
        &format!(
            "icmpv6.type == 134 && ip.src == {ROUTER} && ip.dst == {HOST_A} && ipv6.src == {ours} \
             && ipv6.dst == {theirs} && ipv6.hlim == 255 && icmpv6.opt.prefix == {PREFIX}"
        ),
    );
    wire.never_sees(
        "we advertise to nobody else and from nowhere else",
        &format!(
            "icmpv6.type == 134 && !(ip.src == {ROUTER} && ip.dst == {HOST_A} && ipv6.src == {ours} && ipv6.hlim == 255)"
        ),
    );
    let global = in_prefix(PREFIX, HOST_A);
    wire.sees(
        "echo requests to the server pass with hop limit 64, as a host sends them",
        &format!("icmpv6.type == 128 && ipv6.src == {global} && ipv6.dst == {SERVER} && ipv6.hlim == 64 && ip.dst == {ROUTER}"),
    );
    wire.sees(
        "echo replies have lost one hop in our router",
        &format!("icmpv6.type == 129 && ipv6.src == {SERVER} && ipv6.dst == {global} && ipv6.hlim == 63 && ip.src == {ROUTER} && ip.dst == {HOST_A}"),
    );
    wire.sees(
        "TCP flows inside the tunnel",
        &format!("tcp && ipv6.src == {global} && ipv6.dst == {SERVER}"),
    );
    wire.never_sees(
        "what we send can be fragmented by IPv4 routers: Don't Fragment is clear",
        &format!("ip.proto == 41 && ip.src == {ROUTER} && ip.flags.df == 1"),
    );
    let server = (*scene.site.server).clone();
    let native = scene.capture(&server, crate::site::UPLINK)?;
    native.sees(
        "the server sees requests that have lost one hop",
        &format!("icmpv6.type == 128 && ipv6.src == {global} && ipv6.hlim == 63"),
    );
    Ok(())
}

fn connected(scene: &mut Scene) -> Result<()> {
    let host = (*scene.site.host_a).clone();
    configured(&host, SIT, in_prefix(PREFIX, HOST_A))?;
    reaches(&host, SERVER)?;
    reaches(&scene.site.server, in_prefix(PREFIX, HOST_A))?;
    carries_tcp(scene, &host, &scene.site.server, SERVER)
}
