//! From SIGHUP to the word that the daemon is ready again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::files::{self, Many};
use super::outcome::Outcome;
use super::run::Stand;
use crate::daemon::Daemon;
use crate::interrupt;

const COUNT: u16 = 1000;
const ROUTERS: u32 = 10_000;
/// After a change the kernel's messages about it are still to be read.
const SETTLED: Duration = Duration::from_millis(300);

/// A router gets a thousand of either, keeps them, and has one of them changed.
pub fn prefixes_and_routes(stand: &Stand<'_>, times: u32, outcome: &mut Outcome) -> Result<()> {
    let device = stand.names.router_device();
    let file = |many, count, last| files::router(device, many, count, last);
    let one = file(Many::Routes, 1, 1);
    let router = &stand.site.router;
    let daemon = Daemon::prepare(stand.program, router, device, &one, stand.directory)?;
    let mut daemon = daemon.quiet();
    daemon.resume()?;
    for many in [Many::Prefixes, Many::Routes] {
        // The site's own prefix is one of them.
        let count = if many == Many::Prefixes {
            COUNT - 1
        } else {
            COUNT
        };
        for round in 0..times {
            let other = 0xf000 + u16::try_from(round)?;
            for (step, words, file) in [
                ("grow", "1 to 1000", file(many, count, count)),
                ("stay", "1000, unchanged", file(many, count, count)),
                ("change", "1000, one changed", file(many, count, other)),
            ] {
                let name = format!("{}-{step}", many.name());
                let title = format!("reload, {}: {words}", many.name());
                outcome.note(&name, &title, reload(&mut daemon, &file)?);
                let last = if step == "change" { other } else { count };
                verify(stand, many, last)?;
            }
            reload(&mut daemon, &one)?;
        }
    }
    daemon.down()
}

/// A host gets ten thousand routers, by a reload and from its start on.
pub fn routers(stand: &Stand<'_>, times: u32, outcome: &mut Outcome) -> Result<()> {
    let device = stand.names.host_a_device();
    let (few, all) = (files::host(device, 1), files::host(device, ROUTERS));
    for _ in 0..times {
        let host = &stand.site.host_a;
        let daemon = Daemon::prepare(stand.program, host, device, &few, stand.directory)?;
        let mut daemon = daemon.quiet();
        daemon.resume()?;
        let took = reload(&mut daemon, &all)?;
        outcome.note("routers-grow", "reload, routers: 1 to 10 000", took);
        ensure_listed(&daemon)?;
        daemon.down()?;
        let begin = Instant::now();
        daemon.resume()?;
        outcome.note(
            "routers-start",
            "start with 10 000 routers until it is ready",
            begin.elapsed(),
        );
        ensure_listed(&daemon)?;
        daemon.down()?;
    }
    Ok(())
}

fn reload(daemon: &mut Daemon, file: &str) -> Result<Duration> {
    daemon.configure(file)?;
    interrupt::sleep(SETTLED)?;
    let begin = Instant::now();
    daemon.reload()?;
    let took = begin.elapsed();
    // One that was quick because it did nothing does not count.
    let refused = daemon.logged().contains("stays as it was");
    ensure!(!refused, "a configuration was refused");
    Ok(took)
}

/// What the kernel has after a reload.
fn verify(stand: &Stand<'_>, many: Many, last: u16) -> Result<()> {
    let (node, device) = (&stand.site.router, stand.names.router_device());
    if many == Many::Routes {
        return Ok(());
    }
    let addresses = node.global_addresses(device)?.len();
    let routes = node.run(&format!("ip -6 route show dev {device}"))?;
    let here = format!("2001:db8:1:{last:x}::/64 ");
    // fe80::/64 is one more.
    ensure!(
        addresses == usize::from(COUNT)
            && routes.lines().count() == usize::from(COUNT) + 1
            && routes.lines().any(|line| line.starts_with(&here)),
        "{addresses} addresses and {} routes after a reload",
        routes.lines().count()
    );
    Ok(())
}

fn ensure_listed(daemon: &Daemon) -> Result<()> {
    let maps = daemon.json(&["map", "list"])?;
    let maps = maps.get("maps").and_then(Value::as_array).context("maps")?;
    let list = maps.iter().find(|map| map["name"] == "PRL");
    let entries = list.and_then(|map| map.get("entries")?.as_u64());
    ensure!(
        entries == Some(u64::from(ROUTERS)),
        "{entries:?} routers in PRL"
    );
    Ok(())
}
