//! A thousand hosts a second that ask for an advertisement.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value;

use super::hosts::{self, Times};
use super::outcome::Storm;
use super::processor;
use super::run::Stand;
use crate::config::{self, Xdp};
use crate::daemon::Daemon;

/// The last answer may be half a second away, and as much again in the queue of a rate.
const LAST: Duration = Duration::from_secs(3);

/// What was seen.
struct Seen {
    asked: Times,
    answered: Times,
    /// Lateness of a thread that only sleeps.
    sleeper: Vec<Duration>,
    /// Of the daemon.
    busy: Duration,
}

/// A daemon that stays on one processor answers hosts that all sit behind the core.
pub fn measure(stand: &Stand<'_>, seconds: u32) -> Result<Storm> {
    let device = stand.names.router_device();
    let config = config::router(device, Xdp::Auto);
    let (router, core) = (&stand.site.router, &stand.site.core);
    let route = format!("local {} dev lo", hosts::NETWORK);
    core.run(&format!("ip route add {route}"))?;
    let daemon = Daemon::prepare(stand.program, router, device, &config, stand.directory)?;
    let mut daemon = daemon.quiet();
    daemon.resume()?;
    let seen = watch(stand, &daemon, seconds)?;
    let storm = summary(&seen, &daemon.json(&["status"])?)?;
    daemon.down()?;
    core.run(&format!("ip route del {route}"))?;
    Ok(storm)
}

fn watch(stand: &Stand<'_>, daemon: &Daemon, seconds: u32) -> Result<Seen> {
    let core = &stand.site.core;
    let pid = daemon.pid().context("the daemon is not running")?;
    processor::pin(pid)?;
    let packets = hosts::solicitations(hosts::RATE * seconds)?;
    let before = processor::busy(pid)?;
    let end = Instant::now() + Duration::from_secs(seconds.into()) + LAST;
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| processor::sleep_until(end));
        let asking = scope.spawn(|| core.enter(|| hosts::ask(&packets)));
        let answered = core.enter(|| hosts::listen(end));
        let panicked = |_| anyhow!("a thread panicked");
        let (sleeper, asked) = (sleeper.join(), asking.join());
        Ok(Seen {
            asked: asked.map_err(panicked)??,
            answered: answered?,
            sleeper: sleeper.map_err(panicked)??,
            busy: processor::busy(pid)?.saturating_sub(before),
        })
    })
}

fn summary(seen: &Seen, status: &Value) -> Result<Storm> {
    let lag = |name: &str| {
        let figure = status.pointer(&format!("/daemon/loop_lag/{name}"));
        let figure = figure.and_then(Value::as_u64);
        figure.with_context(|| format!("no {name} in {status}"))
    };
    let delay =
        |(host, asked): (_, &Instant)| Some(seen.answered.get(host)?.duration_since(*asked));
    let mut delays: Vec<_> = seen.asked.iter().filter_map(delay).collect();
    delays.sort_unstable();
    let span = seen.asked.values().min().zip(seen.asked.values().max());
    let within = span.map_or(Duration::ZERO, |(first, last)| last.duration_since(*first));
    let at_99 = seen.sleeper.get(seen.sleeper.len() * 99 / 100);
    Ok(Storm {
        asked: u64::try_from(seen.asked.len())?,
        answered: u64::try_from(delays.len())?,
        asked_within_ms: micros(Some(&within)) / 1000,
        answer_p50_ms: micros(delays.get(delays.len() / 2)) / 1000,
        answer_max_ms: micros(delays.last()) / 1000,
        lag_ticks: lag("ticks")?,
        lag_p50_us: lag("p50_microseconds")?,
        lag_p99_us: lag("p99_microseconds")?,
        lag_max_us: lag("max_microseconds")?,
        sleeper_p99_us: micros(at_99),
        sleeper_max_us: micros(seen.sleeper.last()),
        busy_permille: 1000 * micros(Some(&seen.busy)) / micros(Some(&within)).max(1),
    })
}

fn micros(time: Option<&Duration>) -> u64 {
    u64::try_from(time.map_or(0, Duration::as_micros)).unwrap_or(u64::MAX)
}
