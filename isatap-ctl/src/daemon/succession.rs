//! Another role or another name by reload: the running node ends as `down` would end it, and one of
//! the new settings starts in the same process. Where it does not, one like the old starts again.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use tracing::{error, info, warn};

use super::{
    Unsuitable, control::Server, discovery::Discovery, down, node::Node, parting, world::World,
};
use crate::{
    clock,
    config::Settings,
    control::Role,
    kernel::{bpffs, lock::Lock},
    nd::reachability::Detector,
    prl,
};

/// What a node of these settings cannot share with one of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the device.
    pub name: String,
    /// Router or host.
    pub role: Role,
}

impl Identity {
    /// Of a node of `settings`.
    pub fn of(settings: &Settings) -> Self {
        Self {
            name: settings.interface.name.clone(),
            role: Role::of(&settings.role),
        }
    }

    /// What makes another node of it, a sentence for each; none if it can stay.
    pub fn changes(&self, wanted: &Self) -> Vec<String> {
        let role =
            (self.role != wanted.role).then(|| format!("role: {} → {}", self.role, wanted.role));
        let name =
            (self.name != wanted.name).then(|| format!("name: {} → {}", self.name, wanted.name));
        let changes = role.into_iter().chain(name);
        changes
            .map(|change| format!("{change}: the tunnel is made anew; packets are lost meanwhile"))
            .collect()
    }
}

/// What outlives a node whose successor has the same role.
pub(super) struct Memory {
    pub(super) discovery: Discovery,
    pub(super) detector: Detector,
    pub(super) prl: prl::Table,
    pub(super) resolver: prl::Resolver,
}

/// What belongs to a name: the right to it, and where commands come in if that is not so already.
struct Place {
    lock: Arc<Lock>,
    control: Option<Server>,
}

/// Puts a node of `settings` in the place of `old`. Where that fails the node is like the old, and
/// the log says why; an error is that there is none any more.
pub async fn succeed(mut old: Node, settings: Settings, control: &mut Server) -> Result<Node> {
    let place = match Place::take(&old, &settings).await {
        Ok(place) => place,
        Err(error) => {
            error!("the configuration stays as it was: {error:#}");
            return Ok(old);
        }
    };
    let (before, after) = (old.settings.clone(), Identity::of(&settings));
    for change in Identity::of(&before).changes(&after) {
        info!("{change}");
    }
    let is_same_role = Role::of(&before.role) == after.role;
    let ceases = !parting::advertises(&settings);
    if ceases {
        old.say_farewell().await;
    }
    let (lock, memory) = old.end().await;
    match Node::start_with(settings, place.lock).await {
        Ok(node) => {
            if let Some(server) = place.control {
                *control = server;
            }
            info!("the configuration was read again; {} is up", after.name);
            Ok(node.remember(is_same_role.then_some(memory)).await)
        }
        Err(error) => {
            error!("the configuration stays as it was: {error:#}");
            let node = Node::start_with(before, lock).await;
            let node = node.context("nor can it be as it was")?;
            let mut node = node.remember(Some(memory)).await;
            if ceases {
                node.discovery.tell(clock::now());
            }
            Ok(node)
        }
    }
}

impl Place {
    /// Looks, before anything is lost, whether the new node has a chance.
    async fn take(old: &Node, settings: &Settings) -> Result<Self> {
        let world = World::read(&old.netlink).await?;
        world.check_links(settings)?;
        let name = &settings.interface.name;
        if *name == old.settings.interface.name {
            return Ok(Self {
                lock: old.lock.clone(),
                control: None,
            });
        }
        if world.link(name).is_some() && !bpffs::interface_directory(name).exists() {
            bail!(Unsuitable(format!(
                "there is an interface {name} that is not ours; remove it or choose another name"
            )));
        }
        Ok(Self {
            lock: Arc::new(Lock::acquire(name)?),
            control: Some(Server::bind(name)?),
        })
    }
}

impl Node {
    /// Takes everything back that it made.
    async fn end(self) -> (Arc<Lock>, Memory) {
        let Self {
            settings,
            lock,
            discovery,
            detector,
            prl,
            resolver,
            ..
        } = self;
        if let Err(error) = down::remove(&settings.interface.name).await {
            warn!(
                "something of {} is left: {error:#}",
                settings.interface.name
            );
        }
        let memory = Memory {
            discovery,
            detector,
            prl,
            resolver,
        };
        (lock, memory)
    }

    /// Goes on with what another has learned.
    async fn remember(mut self, memory: Option<Memory>) -> Self {
        let Some(memory) = memory else {
            return self;
        };
        self.learn(memory);
        if let Err(error) = self.reconcile().await {
            warn!("{error:#}");
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_what_makes_the_tunnel_anew() {
        let of = |name: &str, role| Identity {
            name: name.to_owned(),
            role,
        };
        let present = of("isatap0", Role::Router);
        let says = |wanted: Identity| present.changes(&wanted).join("\n");
        assert_eq!(says(present.clone()), "");
        let gap = "the tunnel is made anew; packets are lost meanwhile";
        let role = format!("role: router → host: {gap}");
        let name = format!("name: isatap0 → isatap1: {gap}");
        assert_eq!(says(of("isatap0", Role::Host)), role);
        assert_eq!(says(of("isatap1", Role::Router)), name);
        assert_eq!(says(of("isatap1", Role::Host)), format!("{role}\n{name}"));
    }
}
