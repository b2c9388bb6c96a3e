//! The daemon: one event loop, which alone does I/O.

mod attach;
mod control;
mod correspondents;
mod counters;
mod desired;
mod device;
mod discovery;
mod down;
mod dry_run;
mod errors;
mod lag;
pub mod link;
mod lookup;
mod messages;
mod neighbors;
mod node;
mod parting;
mod probing;
mod reports;
mod resolved;
mod routers;
mod slow_path;
mod status;
mod succession;
mod surplus;
mod suspicions;
mod watching;
mod world;

use std::{
    collections::BTreeSet,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use node::Node;
use probing::Probing;
use sd_notify::NotifyState;
use succession::Identity;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

use crate::{
    clock,
    config::{self, Settings},
    control::Role,
    kernel::events::{Change, Events},
};

/// The machine or its kernel lacks something that no retry brings (exit code 78).
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unsuitable(pub String);

/// Longest sleep: in suspend the runtime's timers stand still, lifetimes do not.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Least time between two answers to news of routes, neighbours and paths, which others may have
/// thousands of in a second.
const PACE: Duration = Duration::from_millis(100);
/// When a failed reconciliation is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Runs until a signal ends it. The datapath stays.
pub fn run(settings: Settings) -> Result<ExitCode> {
    runtime()?.block_on(serve(settings))
}

/// Prints what `run` would change.
pub fn plan(settings: &Settings, json: bool) -> Result<ExitCode> {
    runtime()?.block_on(dry_run::print(settings, json))
}

/// Removes what `run` made.
pub fn down(interface: &str) -> Result<ExitCode> {
    runtime()?.block_on(down::run(interface))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the event loop")
}

/// What wakes the loop.
struct Wakers {
    events: Events,
    ticker: lag::Ticker,
    control: control::Server,
    lookup: lookup::Lookup,
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

async fn serve(settings: Settings) -> Result<ExitCode> {
    log_notes(&settings);
    let events = Events::subscribe()?;
    let mut node = Box::pin(Node::start(settings)).await?;
    let mut wakers = Wakers {
        events,
        ticker: lag::Ticker::start(),
        control: control::Server::bind(&node.settings.interface.name)?,
        lookup: lookup::Lookup::new(),
        hangup: signal(SignalKind::hangup())?,
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    info!("{} is up", node.settings.interface.name);
    notify(&[NotifyState::Ready]);
    while let End::Succeeded(settings) = Turn::new().serve(&mut node, &mut wakers).await? {
        let role = Role::of(&node.settings.role);
        let heir = succession::succeed(node, *settings, &mut wakers.control);
        node = Box::pin(heir).await?;
        if Role::of(&node.settings.role) != role {
            // Its answer would be for a node that is gone.
            wakers.lookup = lookup::Lookup::new();
        }
        notify(&[NotifyState::Ready]);
    }
    notify(&[NotifyState::Stopping]);
    info!(
        "{} stops; its packets flow on",
        node.settings.interface.name
    );
    Ok(ExitCode::SUCCESS)
}

/// Why the loop ended.
enum End {
    /// A signal wants it.
    Stopped,
    /// The file wants another node, of these settings.
    Succeeded(Box<Settings>),
}

/// What one turn of the loop leaves for the next.
struct Turn {
    /// When to reconcile although nothing happened.
    retry: Option<Instant>,
    /// When news of routes, neighbours and paths may be answered again; whether the programs shall
    /// look up anew then, and whether the state is to be read anew.
    pace: Instant,
    stale: bool,
    changed: bool,
    suspends: clock::Suspends,
}

impl Turn {
    fn new() -> Self {
        Self {
            retry: None,
            pace: Instant::now(),
            stale: false,
            changed: false,
            suspends: clock::Suspends::default(),
        }
    }

    async fn serve(&mut self, node: &mut Node, wakers: &mut Wakers) -> Result<End> {
        loop {
            if self.suspends.note(clock::now(), clock::monotonic()) {
                node.resume();
            }
            if node.tick().await {
                self.reconcile(node).await?;
            }
            self.settle(node).await?;
            if wakers.lookup.system_changed() {
                node.resolver.wake();
            }
            if let Some(name) = node.resolver.poll(clock::now()) {
                wakers.lookup.start(name);
            }
            wakers.ticker.turn();
            tokio::select! {
                lateness = wakers.ticker.lateness() => node.lag.note(lateness),
                _ = wakers.terminate.recv() => return Ok(End::Stopped),
                _ = wakers.interrupt.recv() => return Ok(End::Stopped),
                _ = wakers.hangup.recv() => if let Some(settings) = reload(node).await {
                    return Ok(End::Succeeded(Box::new(settings)));
                },
                changes = wakers.events.next() => self.take(node, changes?).await?,
                burst = node.heard() => node.discover(&burst?),
                burst = Probing::answers(node.probing.as_ref()) => {
                    for message in burst? {
                        node.answered(&message);
                    }
                }
                answer = wakers.lookup.answer() => if node.looked_up(answer) {
                    self.reconcile(node).await?;
                },
                datagram = node.protocol41.recv() => node.receive(&datagram?),
                datagram = node.reports.recv() => self.stale |= node.report(&datagram?),
                packet = node.device.surplus() => node.surplus(&packet?),
                Some(question) = wakers.control.next() => {
                    if control::answer(node, question) {
                        self.reconcile(node).await?;
                    }
                }
                () = tokio::time::sleep(self.sleep(node)) => self.wake(node).await?,
            }
        }
    }

    async fn take(&mut self, node: &mut Node, mut changes: BTreeSet<Change>) -> Result<()> {
        // No way leads to a neighbour of the device, and each host is one for what the kernel sends.
        changes.remove(&Change::Neighbours { index: node.index });
        if changes.contains(&Change::Overrun) {
            info!("news from the kernel were lost; everything is read anew");
        }
        for change in &changes {
            if let Change::Unresolved { index, ipv4 } = *change {
                node.unresolved(index, ipv4);
            }
        }
        let is_of_neighbours = |change: &Change| {
            matches!(
                change,
                Change::Neighbours { .. } | Change::Unresolved { .. }
            )
        };
        let may_wait = |change: &Change| is_of_neighbours(change) || *change == Change::Routes;
        let is_urgent = !changes.iter().all(may_wait);
        self.stale |= !changes.is_empty();
        self.changed |= !changes.iter().all(is_of_neighbours);
        if is_urgent {
            self.pace = Instant::now();
            self.settle(node).await?;
        }
        Ok(())
    }

    /// Answers what waits, if it is time to.
    async fn settle(&mut self, node: &mut Node) -> Result<()> {
        if !self.stale || Instant::now() < self.pace {
            return Ok(());
        }
        self.stale = false;
        node.bump_generation();
        if std::mem::take(&mut self.changed) {
            self.reconcile(node).await?;
        }
        self.pace = Instant::now() + PACE;
        Ok(())
    }

    async fn wake(&mut self, node: &mut Node) -> Result<()> {
        if self.retry.is_some_and(|retry| Instant::now() >= retry) {
            self.reconcile(node).await?;
        }
        Ok(())
    }

    /// A failure here is of the moment, such as an interface that went away in between; but
    /// without our own device there is nothing left to do.
    async fn reconcile(&mut self, node: &mut Node) -> Result<()> {
        self.retry = None;
        match node.reconcile().await {
            Err(error) if node.has_device() => {
                warn!("{error:#}");
                self.retry = Some(Instant::now() + RETRY);
                Ok(())
            }
            other => other,
        }
    }

    fn sleep(&self, node: &Node) -> Duration {
        let probing = Probing::next_deadline(node.probing.as_ref());
        let deadlines = [node.next_deadline(), probing];
        let deadlines = deadlines.into_iter().flatten().min();
        let deadlines = deadlines.map(|deadline| deadline.saturating_sub(clock::now()));
        let until = |instant: Instant| instant.saturating_duration_since(Instant::now());
        let stale = self.stale.then(|| until(self.pace));
        let wakes = [deadlines, self.retry.map(until), stale];
        wakes
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(LONGEST_SLEEP)
            .min(LONGEST_SLEEP)
    }
}

/// Takes the file anew, or leaves everything as it is. Returns the settings that want another node,
/// which is ready later.
async fn reload(node: &mut Node) -> Option<Settings> {
    let since_boot = i128::try_from(clock::now().as_micros()).unwrap_or(0);
    notify(&[
        NotifyState::Reloading,
        NotifyState::MonotonicUsec(since_boot),
    ]);
    match config::load(&node.settings.file) {
        Err(diagnostics) => error!("the configuration stays as it was: {diagnostics}"),
        Ok(settings) => {
            log_notes(&settings);
            if Identity::of(&settings) != Identity::of(&node.settings) {
                return Some(settings);
            }
            match node.reload(settings).await {
                Ok(()) => info!("the configuration was read again"),
                Err(error) => error!("the configuration stays as it was: {error:#}"),
            }
        }
    }
    notify(&[NotifyState::Ready]);
    None
}

fn log_notes(settings: &Settings) {
    for note in &settings.notes {
        info!("{note}");
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!("cannot tell the service manager: {error}");
    }
}
