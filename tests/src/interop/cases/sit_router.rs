//! Our host, and Linux's `sit` with radvd as its router.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::config;
use crate::daemon::Daemon;
use crate::interop::case::Case;
use crate::interop::connectivity::{carries_tcp, configured, in_prefix, link_local, reaches};
use crate::interop::peers::LinuxRouter;
use crate::interop::scene::Scene;
use crate::site::{HOST_A, PREFIX, ROUTER, SERVER};

pub const CASES: &[Case] = &[Case::new(
    "host-radvd",
    "Linux sit, radvd",
    "our host: prefix, route information, preference, RDNSS, DNSSL, MTU; ping, TCP",
    radvd,
)];

/// Everything that radvd advertises and a host here takes.
const OPTIONS: &str = " AdvDefaultLifetime 1800;
 AdvDefaultPreference high;
 prefix 2001:db8:0:1::/64 { AdvOnLink on; AdvAutonomous on; };
 route 2001:db8:f::/48 { AdvRoutePreference low; AdvRouteLifetime 900; };
 RDNSS 2001:db8:f::53 2001:db8:f::54 { AdvRDNSSLifetime 1200; };
 DNSSL example.com corp.example.com { AdvDNSSLLifetime 1200; };
";

fn radvd(scene: &mut Scene) -> Result<()> {
    expect(scene)?;
    let directory = scene.file("");
    let address = in_prefix(PREFIX, ROUTER);
    let router = LinuxRouter::start(&scene.site.router, ROUTER, address, OPTIONS, &directory)?;
    ensure!(router.link_local()? == link_local(ROUTER));
    let device = scene.names.host_a_device().to_owned();
    let host = scene.start(&scene.site.host_a, &device, &config::host(&device))?;
    configured(&scene.site.host_a, &device, in_prefix(PREFIX, HOST_A))?;
    reaches(&scene.site.host_a, SERVER)?;
    reaches(&scene.site.server, in_prefix(PREFIX, HOST_A))?;
    carries_tcp(scene, &scene.site.host_a, &scene.site.server, SERVER)?;
    learned(scene, &host, &device)
}

/// All that was advertised has arrived where it belongs.
fn learned(scene: &Scene, host: &Daemon, device: &str) -> Result<()> {
    let status = host.json(&["status"])?;
    scene.write("host.status.json", &status.to_string())?;
    let shows = |pointer: &str, wanted: Value| {
        let found = status.pointer(pointer);
        ensure!(
            found == Some(&wanted),
            "status {pointer}: {found:?}, not {wanted}"
        );
        Ok(())
    };
    shows("/dns/servers", json!(["2001:db8:f::53", "2001:db8:f::54"]))?;
    shows("/dns/search", json!(["example.com", "corp.example.com"]))?;
    shows("/routers/0/ipv4", json!(ROUTER))?;
    shows("/routers/0/preference", json!("high"))?;
    shows("/device/mtu", json!(1480))?;
    let routes = scene
        .site
        .host_a
        .run(&format!("ip -6 route show dev {device}"))?;
    let gateway = link_local(ROUTER);
    for (route, preference) in [("default", "high"), ("2001:db8:f::/48", "low")] {
        let mut lines = routes
            .lines()
            .filter(|line| line.starts_with(&format!("{route} ")));
        let line = lines
            .next()
            .with_context(|| format!("no route to {route}:\n{routes}"))?;
        ensure!(line.contains(&format!("via {gateway}")), "{line}");
        ensure!(line.contains(&format!("pref {preference}")), "{line}");
        ensure!(lines.next().is_none(), "two routes to {route}:\n{routes}");
    }
    Ok(())
}

fn expect(scene: &mut Scene) -> Result<()> {
    let (router, host) = (link_local(ROUTER), link_local(HOST_A));
    let global = in_prefix(PREFIX, HOST_A);
    let wire = scene.capture_at_router()?;
    wire.sees(
        "we solicit by unicast, without options, hop limit 255",
        &format!(
            "icmpv6.type == 133 && ip.src == {HOST_A} && ip.dst == {ROUTER} && ip.ttl == 63 \
             && ipv6.src == {host} && ipv6.dst == {router} && ipv6.hlim == 255 && ipv6.plen == 8"
        ),
    );
    wire.expect("one question is enough", "icmpv6.type == 133", 1, Some(1));
    wire.sees(
        "radvd answers with everything",
        &format!(
            "icmpv6.type == 134 && ipv6.src == {router} && ipv6.dst == {host} \
             && icmpv6.opt.type == 3 && icmpv6.opt.type == 5 && icmpv6.opt.type == 24 \
             && icmpv6.opt.type == 25 && icmpv6.opt.type == 31"
        ),
    );
    wire.sees(
        "we ping from the address in the prefix with hop limit 64",
        &format!(
            "icmpv6.type == 128 && ipv6.src == {global} && ipv6.dst == {SERVER} && ipv6.hlim == 64"
        ),
    );
    wire.never_sees(
        "we never set Don't Fragment",
        &format!("ip.proto == 41 && ip.src == {HOST_A} && ip.flags.df == 1"),
    );
    wire.never_sees(
        "a host advertises nothing and multicasts nothing",
        &format!(
            "ip.proto == 41 && ip.src == {HOST_A} && (icmpv6.type == 134 || ipv6.dst == ff00::/8)"
        ),
    );
    Ok(())
}
