//! Name servers and search domains, handed to systemd-resolved over the system bus.
//!
//! A task of its own talks to the bus, so that nobody there can hold up the event loop.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::{
    select,
    sync::watch::{self, error::RecvError},
    time::timeout,
};
use tracing::{debug, info, warn};
use zbus::{
    Connection, Proxy, connection,
    fdo::{DBusProxy, NameOwnerChangedStream},
    proxy::MethodFlags,
};

use super::node::Node;
use crate::{
    clock::{self, Boottime},
    config::{AcceptDns, RoleSettings},
    nd::host::Resolvers,
};

const SERVICE: &str = "org.freedesktop.resolve1";
const OBJECT: &str = "/org/freedesktop/resolve1";
const INTERFACE: &str = "org.freedesktop.resolve1.Manager";
/// The address family, as the bus carries it.
const AF_INET6: i32 = nix::libc::AF_INET6;
/// Longest wait for the bus, or for one answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first and the longest time until a failure is tried again; it doubles each time.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Keeps systemd-resolved told.
pub struct Resolved {
    wanted: watch::Sender<Resolvers>,
    outcome: watch::Receiver<Outcome>,
}

/// What became of what was handed over last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet.
    #[default]
    Pending,
    /// systemd-resolved has it.
    Taken,
    /// It has not, and is asked again.
    Failed {
        /// Of what.
        why: String,
        /// When that was found.
        at: Boottime,
    },
}

impl Resolved {
    /// Begins with no server for the link of that index, whatever an earlier process has left there.
    pub fn start(index: u32) -> Self {
        let (wanted, told) = watch::channel(Resolvers::default());
        let (tell, outcome) = watch::channel(Outcome::default());
        let handover = HandOver {
            // The bus counts in signed numbers; the kernel gives no index that these do not have.
            index: index.cast_signed(),
            wanted: told,
            outcome: tell,
            given: Resolvers::default(),
            has_complained: false,
            pause: PAUSE,
        };
        tokio::spawn(handover.run());
        Self { wanted, outcome }
    }

    /// What the link is to have from now on.
    pub fn hand(&self, resolvers: Resolvers) {
        self.wanted.send_if_modified(|present| {
            let is_news = *present != resolvers;
            *present = resolvers;
            is_news
        });
    }
}

impl Node {
    /// Hands over what routers say now, or takes it back where the configuration no longer wants that.
    pub(super) fn hand_over_resolvers(&mut self, now: Boottime) {
        let is_wanted = self.wants_resolved();
        if !is_wanted && self.resolved.is_none() {
            return;
        }
        let state = self.discovery.host(now).filter(|_| is_wanted);
        let resolvers = state.map(|state| state.resolvers()).unwrap_or_default();
        let index = self.index;
        let resolved = self.resolved.get_or_insert_with(|| Resolved::start(index));
        resolved.hand(resolvers);
    }

    /// What became of it, if it is wanted.
    pub(super) fn hand_over_outcome(&self) -> Option<Outcome> {
        let resolved = self.resolved.as_ref().filter(|_| self.wants_resolved());
        resolved.map(|resolved| resolved.outcome.borrow().clone())
    }

    fn wants_resolved(&self) -> bool {
        matches!(&self.settings.role, RoleSettings::Host(host) if host.accept_dns == AcceptDns::Resolved)
    }
}

/// The task; it ends with its [`Resolved`].
struct HandOver {
    index: i32,
    wanted: watch::Receiver<Resolvers>,
    outcome: watch::Sender<Outcome>,
    /// What systemd-resolved took last.
    given: Resolvers,
    has_complained: bool,
    pause: Duration,
}

impl HandOver {
    async fn run(mut self) {
        while let Err(error) = self.converse().await {
            self.failed(&error);
            if self.rest().await.is_err() {
                return;
            }
        }
    }

    /// Tells systemd-resolved what is wanted whenever that changes, when it starts anew, and some time
    /// after it has refused. Fails when the bus is not there.
    async fn converse(&mut self) -> zbus::Result<()> {
        let bus = answered(connection::Builder::system().build()).await?;
        let mut owners = answered(owners(&bus)).await?;
        let manager = Proxy::new(&bus, SERVICE, OBJECT, INTERFACE).await?;
        loop {
            let resolvers = self.wanted.borrow_and_update().clone();
            let is_taken = self.give(&manager, resolvers).await;
            select! {
                changed = self.next(is_taken) => if changed.is_err() { return Ok(()) },
                // It started, or ended.
                news = owners.next() => if news.is_none() { return Err(failure("the bus is gone")) },
            }
        }
    }

    async fn give(&mut self, manager: &Proxy<'_>, resolvers: Resolvers) -> bool {
        if *self.outcome.borrow() == Outcome::Taken {
            self.outcome.send_replace(Outcome::Pending);
        }
        match answered(give(manager, self.index, &resolvers)).await {
            Ok(()) => {
                self.taken(resolvers);
                true
            }
            Err(error) => {
                self.failed(&error);
                false
            }
        }
    }

    /// Waits for a reason to hand over again.
    async fn next(&mut self, is_taken: bool) -> Result<(), RecvError> {
        if is_taken {
            self.wanted.changed().await
        } else {
            self.rest().await
        }
    }

    fn taken(&mut self, resolvers: Resolvers) {
        self.outcome.send_replace(Outcome::Taken);
        self.pause = PAUSE;
        if std::mem::take(&mut self.has_complained) || resolvers != self.given {
            let Resolvers { servers, search } = &resolvers;
            info!("systemd-resolved has the name servers {servers:?}, search domains {search:?}");
        }
        self.given = resolvers;
    }

    /// Said once, until something is taken; and not at all as long as there is nothing to take.
    fn failed(&mut self, error: &zbus::Error) {
        self.outcome.send_replace(Outcome::Failed {
            why: error.to_string(),
            at: clock::now(),
        });
        if self.has_complained || self.wanted.borrow().is_empty() {
            debug!("systemd-resolved: {error}");
        } else {
            warn!(
                "systemd-resolved does not take the routers' name servers, and is asked again: {error}"
            );
            self.has_complained = true;
        }
    }

    /// Waits until a failure is to be tried again: after ever longer, or with something new.
    async fn rest(&mut self) -> Result<(), RecvError> {
        let pause = self.pause;
        self.pause = (2 * pause).min(LONGEST_PAUSE);
        let changed = timeout(pause, self.wanted.changed()).await;
        changed.unwrap_or(Ok(()))
    }
}

/// What the bus, or somebody there, says in time.
async fn answered<T>(answer: impl Future<Output = zbus::Result<T>>) -> zbus::Result<T> {
    let answer = timeout(PATIENCE, answer).await;
    answer.unwrap_or_else(|_| Err(failure("no answer")))
}

fn failure(why: &str) -> zbus::Error {
    zbus::Error::Failure(why.to_owned())
}

/// News of the start and the end of systemd-resolved.
async fn owners(bus: &Connection) -> zbus::Result<NameOwnerChangedStream> {
    let names = DBusProxy::new(bus).await?;
    let of = [(0, SERVICE)];
    names.receive_name_owner_changed_with_args(&of).await
}

/// Replaces both lists of the link, and nothing else of what it has: the rest is the administrator's.
/// Who stopped systemd-resolved does not find it started by this.
async fn give(manager: &Proxy<'_>, index: i32, resolvers: &Resolvers) -> zbus::Result<()> {
    let servers = resolvers.servers.iter();
    let servers = servers.map(|server| (AF_INET6, server.octets().to_vec()));
    // Not for routing alone: names without a dot are completed with them.
    let search = resolvers.search.iter();
    let search = search.map(|domain| (domain.as_str(), false));
    let servers = (index, servers.collect::<Vec<_>>());
    let search = (index, search.collect::<Vec<_>>());
    let flags = MethodFlags::NO_AUTO_START;
    let _: Option<()> = manager
        .call_with_flags("SetLinkDNS", flags, &servers)
        .await?;
    let _: Option<()> = manager
        .call_with_flags("SetLinkDomains", flags, &search)
        .await?;
    Ok(())
}
