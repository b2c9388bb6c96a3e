//! Our host, and two routers of Linux: one falls silent, and the host moves.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::two_routers::{SECOND_NATIVE, SECOND_ROUTER, second_router};
use crate::config;
use crate::daemon::Daemon;
use crate::interop::case::Case;
use crate::interop::connectivity::{PACE, configured, in_prefix, link_local, reaches};
use crate::interop::peers::LinuxRouter;
use crate::interop::scene::Scene;
use crate::interrupt;
use crate::pings::Outage;
use crate::site::{HOST_A, PREFIX, ROUTER, SERVER, UPLINK};
use crate::solicitations::{Moment, Solicitations};

pub const CASES: &[Case] = &[Case::new(
    "silent-router",
    "Linux sit, radvd",
    "our host at two routers: the better one falls silent under traffic, comes back, is reported by ICMPv4; another address",
    case,
)];

/// Seconds for which routers advertise.
const LIFETIME: u32 = 1800;
/// How long a dead router may be missed. A story of the same plot does not say so, because other programs can
/// make it longer; this machine's clock counts instructions.
const LONGEST: Duration = Duration::from_secs(4);
/// The host's next address.
const MOVED: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 77);
const SETTLED: Duration = Duration::from_secs(20);
/// Questions to one router are four seconds apart, so one that is sooner would have to wait.
const REST: Duration = Duration::from_millis(4200);
/// How soon a moved host has the address that follows, no other, and has solicited.
const PROMPT: Duration = Duration::from_secs(1);

fn case(scene: &mut Scene) -> Result<()> {
    expect(scene)?;
    let second = second_router(scene)?;
    let files = scene.file("");
    let _first = LinuxRouter::preferred(&scene.site.router, ROUTER, ("high", LIFETIME), &files)?;
    let _second = LinuxRouter::preferred(&second, SECOND_ROUTER, ("medium", LIFETIME), &files)?;
    let device = scene.names.host_a_device().to_owned();
    let both = format!("[\"{ROUTER}\", \"{SECOND_ROUTER}\"]");
    let config = config::host(&device).replace(&format!("[\"{ROUTER}\"]"), &both);
    let host = scene.start(&scene.site.host_a, &device, &config)?;
    configured(&scene.site.host_a, &device, in_prefix(PREFIX, HOST_A))?;
    reachable(&host, ROUTER)?;
    reachable(&host, SECOND_ROUTER)?;
    uses(&host, ROUTER)?;
    // From now on answers come by the second, as if a routing protocol knew.
    let answers = format!("ip -6 route replace {PREFIX}/64 via {SECOND_NATIVE}");
    scene.site.server.run(&answers)?;

    let silent = under_pings(scene, "silent", 9, |scene| lose(scene, "add blackhole"))?;
    uses(&host, SECOND_ROUTER)?;
    let back = under_pings(scene, "back", 22, |scene| lose(scene, "del"))?;
    uses(&host, ROUTER)?;
    let reported = under_pings(scene, "reported", 9, |scene| lose(scene, "add unreachable"))?;
    uses(&host, SECOND_ROUTER)?;
    scene.note(format!(
        "silent {silent:?}, back {back:?}, reported {reported:?}"
    ));
    ensure!(
        silent.lost > 0 && silent.time <= LONGEST,
        "silent: {silent:?}"
    );
    ensure!(back.lost == 0, "back: {back:?}");
    ensure!(
        reported.lost > 0 && reported.time <= LONGEST,
        "reported: {reported:?}"
    );
    lose(scene, "del")?;
    moves(scene, &device)
}

/// Another IPv4 address, and with it all of IPv6's, while packets flow.
fn moves(scene: &mut Scene, device: &str) -> Result<()> {
    let host = &scene.site.host_a;
    let asked = Solicitations::watch(host, &scene.file("solicitations.log"))?;
    let words = format!("ping -n -D -i 0.05 -c 200 -W 1 {SERVER}");
    let mut pings = host.start(&words, &scene.file("ping-moved.log"))?;
    interrupt::sleep(REST)?;
    // In this order: the kernel takes the later address of a network away with the first.
    host.run(&format!("ip addr del {HOST_A}/24 dev {UPLINK}"))?;
    let since = Moment::now()?;
    host.run(&format!("ip addr add {MOVED}/24 dev {UPLINK}"))?;
    host.run("ip route replace default via 10.1.0.1")?;
    let moved = in_prefix(PREFIX, MOVED);
    let followed = interrupt::poll_every(PACE, SETTLED, || {
        let are = host.global_addresses(device)?;
        Ok((are == [moved]).then_some(()))
    })?;
    followed.with_context(|| format!("{device} has not {moved} alone"))?;
    let followed = since.elapsed()?;
    let ended = pings.wait(SETTLED)?;
    ended.context("ping does not end")?;
    let outage = Outage::parse(&pings.printed())?;
    let asked = asked.first(MOVED, since);
    let asked = asked.with_context(|| format!("no solicitation from {MOVED}"))?;
    scene.note(format!(
        "moved: the new address alone after {followed:?}, solicited after {asked:?}, {outage:?}"
    ));
    ensure!(
        followed <= PROMPT && asked <= PROMPT,
        "{followed:?}, {asked:?}"
    );
    reaches(&scene.site.host_a, SERVER)
}

/// What the core makes of all that is sent to the first router.
fn lose(scene: &Scene, what: &str) -> Result<()> {
    let words = format!("ip route {what} {ROUTER}/32");
    scene.site.core.run(&words).map(drop)
}

/// A hundred pings a second to the server while something happens after a second and a half.
fn under_pings(
    scene: &Scene,
    name: &str,
    seconds: u64,
    event: impl FnOnce(&Scene) -> Result<()>,
) -> Result<Outage> {
    let words = format!("ping -n -D -i 0.01 -c {} -W 1 {SERVER}", seconds * 100);
    let log = scene.file(&format!("ping-{name}.log"));
    let mut pings = scene.site.host_a.start(&words, &log)?;
    interrupt::sleep(Duration::from_millis(1500))?;
    event(scene)?;
    let ended = pings.wait(Duration::from_secs(seconds * 3))?;
    ended.with_context(|| format!("ping does not end: {name}"))?;
    Outage::parse(&pings.printed())
}

fn reachable(host: &Daemon, router: Ipv4Addr) -> Result<()> {
    let is = |entry: &serde_json::Value| {
        entry.get("ipv4") == Some(&json!(router))
            && entry.get("reachability") == Some(&json!("reachable"))
    };
    let mut seen = String::new();
    let found = interrupt::poll_every(PACE, SETTLED, || {
        let listed = host.json(&["prl", "list"])?;
        seen = listed.to_string();
        let entries = listed.pointer("/prl").and_then(|prl| prl.as_array());
        Ok(entries.into_iter().flatten().any(is).then_some(()))
    })?;
    found.with_context(|| format!("{router} is not reachable: {seen}"))
}

/// What `status` says of the router in use.
fn uses(host: &Daemon, router: Ipv4Addr) -> Result<()> {
    let status = host.json(&["status"])?;
    let used = status.pointer("/routers/0/ipv4");
    ensure!(
        used == Some(&json!(router)),
        "in use is {used:?}, not {router}: {status}"
    );
    Ok(())
}

fn expect(scene: &mut Scene) -> Result<()> {
    let host = (*scene.site.host_a).clone();
    let (before, after) = (in_prefix(PREFIX, HOST_A), in_prefix(PREFIX, MOVED));
    let (first, moved) = (link_local(ROUTER), link_local(MOVED));
    let wire = scene.capture(&host, UPLINK)?;
    for router in [ROUTER, SECOND_ROUTER] {
        wire.sees(
            "pings go by each router",
            &format!("icmpv6.type == 128 && ip.dst == {router} && ipv6.src == {before}"),
        );
    }
    wire.sees(
        "the host asks by unicast whether the router is there",
        &format!(
            "icmpv6.type == 135 && ip.dst == {ROUTER} && ipv6.dst == {first} && ipv6.hlim == 255"
        ),
    );
    wire.sees(
        "and Linux answers",
        &format!("icmpv6.type == 136 && ip.src == {ROUTER} && icmpv6.nd.na.flag.s == 1"),
    );
    wire.sees(
        "the core reports the router as unreachable",
        &format!("icmp.type == 3 && icmp.code == 1 && ip.dst == {HOST_A}"),
    );
    wire.sees(
        "the host solicits from its new address",
        &format!("icmpv6.type == 133 && ip.src == {MOVED} && ipv6.src == {moved}"),
    );
    wire.sees(
        "and radvd advertises to it",
        &format!("icmpv6.type == 134 && ip.dst == {MOVED} && ipv6.dst == {moved}"),
    );
    wire.sees(
        "then its packets come from the new address",
        &format!("icmpv6.type == 128 && ip.src == {MOVED} && ipv6.src == {after}"),
    );
    wire.never_sees(
        "and never from the old one",
        &format!("ip.src == {MOVED} && ipv6.src == {before}"),
    );
    Ok(())
}
