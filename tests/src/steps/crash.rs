use anyhow::{Context as _, Result, ensure};

use crate::config::Xdp;
use crate::lab::Lab;
use crate::links::{self, Link};
use crate::pings::start_ping;
use crate::site::{HOST_A, isatap_address};
use crate::story::Evidence;

/// Pings that are answered before and after each event.
const SOME: usize = 200;

/// Two hundred pings a second while the router's daemon is killed and comes back.
pub fn crash(lab: &mut Lab, _xdp: Xdp) -> Evidence {
    let before = links::of(lab.names.router_device())?;
    let mut lines = vec![flows_on(lab)?];
    let after = links::of(lab.names.router_device())?;
    lines.extend(kept(&before, &after)?);
    Ok(lines)
}

/// The same, whatever the programs are attached by.
pub fn flows_on(lab: &mut Lab) -> Result<String> {
    let log = lab.file("crash.log");
    let pings = start_ping(&lab.site.server, isatap_address(HOST_A), &log)?;
    pings.are_answered(SOME)?;
    let router = lab.router_mut()?;
    let killed = router.pid().context("the daemon is not running")?;
    router.kill()?;
    pings.are_answered(SOME)?;
    router.resume()?;
    let started = router.pid().unwrap_or_default();
    let pings = pings.end()?;
    ensure!(pings.lost() == 0, "{pings}");
    Ok(format!("kill -9 {killed}, restarted as {started}: {pings}"))
}

/// An attachment that was made anew was missing for a moment.
fn kept(before: &[Link], after: &[Link]) -> Evidence {
    let line = |old: &Link| {
        let new = after.iter().find(|new| new.name == old.name);
        let new = new.with_context(|| format!("{} is no longer attached", old.name))?;
        let (from, to) = (old.program, new.program);
        ensure!(
            new.id == old.id,
            "{} was attached anew: link {} → {}",
            old.name,
            old.id,
            new.id
        );
        let program = if from == to {
            format!("{to} kept")
        } else {
            format!("{from} → {to}")
        };
        Ok(format!(
            "{:<24} link {} kept, program {program}",
            old.name, old.id
        ))
    };
    ensure!(!before.is_empty(), "no attachment is pinned");
    before.iter().map(line).collect()
}
