//! Our host, and two routers of Linux that it finds by their name.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::two_routers::{SECOND_NATIVE, SECOND_ROUTER, second_router};
use crate::config;
use crate::daemon::Daemon;
use crate::dns::{self, NAME, Server};
use crate::interop::case::Case;
use crate::interop::connectivity::{PACE, configured, in_prefix, link_local, reaches};
use crate::interop::peers::LinuxRouter;
use crate::interop::scene::Scene;
use crate::interrupt;
use crate::pings::Pings;
use crate::site::{HOST_A, PREFIX, ROUTER, SERVER, UPLINK, gateway};

pub const CASES: &[Case] = &[Case::new(
    "named-routers",
    "Linux sit, radvd, dnsmasq",
    "our host finds two routers by name: one leaves DNS, a strange address is in it, then there is none for longer than lifetimes",
    case,
)
.on_counting_clock()];

/// Where nobody of the list may be.
const STRANGE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// Seconds for which an answer holds.
const TTL: u32 = 5;
/// Seconds for which routers advertise: a sixth of what they usually do, as ten minutes are of an hour.
const LIFETIME: u32 = 300;
/// Several questions, the answers, and solicitations after them.
const SETTLED: Duration = Duration::from_mins(1);
const WITHOUT: Duration = Duration::from_mins(10);
/// One every ten seconds, as ping counts them.
const PINGS: u32 = 56;

fn case(scene: &mut Scene) -> Result<()> {
    expect(scene)?;
    let second = second_router(scene)?;
    let files = scene.file("");
    let _first = LinuxRouter::preferred(&scene.site.router, ROUTER, ("high", LIFETIME), &files)?;
    let _second = LinuxRouter::preferred(&second, SECOND_ROUTER, ("medium", LIFETIME), &files)?;
    let names = serve(scene, &[ROUTER, SECOND_ROUTER])?;
    let device = scene.names.host_a_device().to_owned();
    let host = start_host(scene, &device)?;
    configured(&scene.site.host_a, &device, in_prefix(PREFIX, HOST_A))?;
    until(&host, "two routers advertise", |status| {
        listed(status) == BTreeSet::from([ROUTER, SECOND_ROUTER]) && advertising(status) == 2
    })?;
    default_route(scene, ROUTER)?;
    reaches(&scene.site.host_a, SERVER)?;

    leaves(scene, &host, &names)?;
    is_poisoned(scene, &host, &names)?;
    drop(names);
    all_is_well_without(scene, &host)?;

    let _names = serve(scene, &[ROUTER, SECOND_ROUTER])?;
    // After many failures the next question may be minutes away, unless the system's servers are named anew.
    dns::write_resolv_conf(&scene.file("resolv.conf"), gateway(HOST_A))?;
    until(&host, "the first is back", |status| {
        listed(status) == BTreeSet::from([ROUTER, SECOND_ROUTER]) && advertising(status) == 2
    })?;
    default_route(scene, ROUTER)
}

/// The better router is no longer in the answers. What it told goes with the second that lacks it.
fn leaves(scene: &Scene, host: &Daemon, names: &Server) -> Result<()> {
    let asked = || names.logged().matches("query[A]").count();
    let before = asked();
    names.serve(&[SECOND_ROUTER])?;
    until(host, "the first is gone", |status| {
        listed(status) == BTreeSet::from([SECOND_ROUTER])
    })?;
    ensure!(asked() >= before + 2, "one answer was enough");
    for map in ["PRL", "ROUTES"] {
        let dumped = host.ctl(&["map", "dump", map])?;
        ensure!(!dumped.contains(&ROUTER.to_string()), "{map}: {dumped}");
    }
    // The server learns of it as from a routing protocol.
    let answers = format!("ip -6 route replace {PREFIX}/64 via {SECOND_NATIVE}");
    scene.site.server.run(&answers)?;
    default_route(scene, SECOND_ROUTER)?;
    reaches(&scene.site.host_a, SERVER)
}

/// Somebody has put an address into the answers that is in no prefix of `prl-allow`.
fn is_poisoned(scene: &Scene, host: &Daemon, names: &Server) -> Result<()> {
    names.serve(&[SECOND_ROUTER, STRANGE])?;
    let status = until(host, "the strange address is refused", |status| {
        status.pointer("/resolver/refused/0") == Some(&json!(STRANGE))
    })?;
    ensure!(
        listed(&status) == BTreeSet::from([SECOND_ROUTER]),
        "{status}"
    );
    let said = format!("{STRANGE} is refused: it is in none of the prefixes");
    ensure!(host.logged().contains(&said), "{}", host.logged());
    reaches(&scene.site.host_a, SERVER)
}

/// Advertisements hold for half of it, and are asked for in time.
fn all_is_well_without(scene: &mut Scene, host: &Daemon) -> Result<()> {
    until(host, "DNS fails", |status| {
        status
            .pointer("/resolver/last_error")
            .is_some_and(Value::is_string)
    })?;
    let words = format!("ping -n -q -c {PINGS} -i 10 -W 1 {SERVER}");
    let mut pings = scene
        .site
        .host_a
        .start(&words, &scene.file("ping-without.log"))?;
    thread::sleep(WITHOUT);
    let ended = pings.wait(SETTLED)?;
    ended.context("ping does not end")?;
    let pings = Pings::parse(&pings.printed())?;
    scene.note(format!("ten minutes without DNS: {pings}"));
    ensure!(pings.sent == PINGS && pings.lost() == 0, "{pings}");
    let status = host.json(&["status"])?;
    ensure!(
        listed(&status) == BTreeSet::from([SECOND_ROUTER]) && advertising(&status) == 1,
        "{status}"
    );
    default_route(scene, SECOND_ROUTER)
}

fn serve(scene: &Scene, routers: &[Ipv4Addr]) -> Result<Server> {
    let directory = scene.file("dns");
    fs::create_dir_all(&directory)?;
    Server::start(&scene.site.core, gateway(HOST_A), TTL, routers, &directory)
}

fn start_host(scene: &Scene, device: &str) -> Result<Daemon> {
    let file = scene.file("resolv.conf");
    dns::write_resolv_conf(&file, gateway(HOST_A))?;
    let inside = scene.site.host_a.resolving_by(&file);
    let config = config::host_by_name(device, NAME);
    let config = config.replace("refresh = \"1s\"", "refresh = \"1h\"");
    scene.start(&inside, device, &config)
}

/// Waits until `status` is so.
fn until(host: &Daemon, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
    let mut last = Value::Null;
    let found = interrupt::poll_every(4 * PACE, SETTLED, || {
        last = host.json(&["status"])?;
        Ok(holds(&last).then(|| last.clone()))
    })?;
    found.with_context(|| format!("not so: {what}: {last}\n{}", host.logged()))
}

fn listed(status: &Value) -> BTreeSet<Ipv4Addr> {
    let entries = status.pointer("/prl").and_then(Value::as_array);
    let entries = entries.into_iter().flatten();
    let addresses = entries.filter_map(|entry| entry.get("ipv4")?.as_str()?.parse().ok());
    addresses.collect()
}

fn advertising(status: &Value) -> usize {
    let routers = status.pointer("/routers").and_then(Value::as_array);
    routers.map_or(0, Vec::len)
}

/// The one default route leads to this router, and nothing to the other.
fn default_route(scene: &Scene, router: Ipv4Addr) -> Result<()> {
    let shown = scene.site.host_a.run("ip -6 route show default")?;
    let lines: Vec<_> = shown.lines().collect();
    let wanted = format!("default via {} ", link_local(router));
    ensure!(
        matches!(lines[..], [line] if line.starts_with(&wanted)),
        "not {wanted}alone: {shown}"
    );
    Ok(())
}

fn expect(scene: &mut Scene) -> Result<()> {
    let host = (*scene.site.host_a).clone();
    let server = gateway(HOST_A);
    let wire = scene.capture(&host, UPLINK)?;
    wire.sees(
        "the host asks for the routers of its site",
        &format!("dns.flags.response == 0 && ip.dst == {server} && dns.qry.name == \"{NAME}\" && dns.qry.type == 1"),
    );
    wire.sees(
        "and is answered with both",
        &format!("dns.a == {ROUTER} && dns.a == {SECOND_ROUTER}"),
    );
    wire.never_sees(
        "it asks for no other name, and for nothing else of that",
        &format!("dns.flags.response == 0 && !(dns.qry.name == \"{NAME}\" && dns.qry.type == 1)"),
    );
    wire.never_sees("and multicasts no question", "mdns || llmnr");
    for router in [ROUTER, SECOND_ROUTER] {
        wire.sees(
            "it solicits each router",
            &format!("icmpv6.type == 133 && ip.dst == {router}"),
        );
        wire.sees(
            "radvd advertises",
            &format!(
                "icmpv6.type == 134 && ip.src == {router} && ipv6.src == {}",
                link_local(router)
            ),
        );
        wire.sees(
            "and pings go by each",
            &format!("icmpv6.type == 128 && ip.src == {HOST_A} && ip.dst == {router}"),
        );
    }
    wire.sees("the strange address comes", &format!("dns.a == {STRANGE}"));
    wire.never_sees("nothing is sent to it", &format!("ip.dst == {STRANGE}"));
    wire.expect(
        "without DNS, the router that is left is asked twice before its word ends",
        &format!("icmpv6.type == 133 && ip.dst == {SECOND_ROUTER} && frame.time_relative > 100"),
        2,
        None,
    );
    Ok(())
}
