//! The programs at their places.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use tracing::{info, warn};

use super::{
    desired::{self, Place},
    node::Node,
};
use crate::{
    config::XdpMode,
    datapath::{AttachedMode, DatapathError, Hook, HookState, Nics, foreign_xdp},
};

impl Node {
    /// Attaches what is not attached, and only then detaches what is no longer wanted, so that no
    /// packet meets neither. Returns the NICs that frames may be redirected to.
    pub(super) async fn attach(&mut self) -> Result<BTreeSet<u32>> {
        let mut wanted = desired::hooks(&self.settings, &self.world, self.index);
        self.attach_all(&wanted).await?;
        let forwarding = desired::forwarding(&self.settings, &self.world, &self.by_xdp());
        self.attach_all(&forwarding).await?;
        wanted.extend(forwarding);
        for hook in Hook::pinned(&self.directory)?.into_keys() {
            if !wanted.contains_key(&hook) {
                info!("detach {} from interface {}", hook.program(), hook.index());
                hook.detach(&self.directory, &self.netlink).await?;
            }
        }
        self.hooks.retain(|hook, _| wanted.contains_key(hook));
        Ok(desired::redirectable(&self.hooks))
    }

    /// Has the modes of XDP tried again.
    pub(super) fn forget_xdp(&mut self) {
        self.hooks.retain(|hook, _| !matches!(hook, Hook::Xdp(_)));
    }

    /// Whose frames XDP forwards. A NIC that has to do without a place among them is named once.
    pub(super) fn nics(&self) -> Nics {
        let nics = desired::nics(&self.world, &self.by_xdp());
        let before = self.tables.as_ref().map(|tables| &tables.nics.left_out);
        let is_new = |index: &&u32| before.is_none_or(|before| !before.contains(*index));
        for index in nics.left_out.iter().filter(is_new) {
            let name = self.world.links.get(index).map_or("", |link| &link.name);
            warn!(
                "{name}: its index {index} and that of another NIC have the same last eight bits, so XDP \
                 leaves what {name} receives to the kernel"
            );
        }
        nics
    }

    /// The NICs on which XDP forwards.
    fn by_xdp(&self) -> BTreeSet<u32> {
        let attached = self
            .hooks
            .iter()
            .filter(|(hook, state)| matches!(hook, Hook::Xdp(_)) && state.mode != AttachedMode::Tc);
        attached.map(|(hook, _)| hook.index()).collect()
    }

    async fn attach_all(&mut self, wanted: &BTreeMap<Hook, Place>) -> Result<()> {
        for (hook, place) in wanted {
            if !self.is_attached(*hook, place) {
                let state = self.attach_one(*hook, place).await?;
                self.hooks.insert(*hook, state);
            }
        }
        Ok(())
    }

    /// Whether the hook's program is there. Where that of another side is, it has its place from one packet to
    /// the next.
    fn is_attached(&mut self, hook: Hook, place: &Place) -> bool {
        let Some(state) = self.hooks.get_mut(&hook) else {
            return false;
        };
        if state.side != place.side {
            match self.datapath.turn(hook, state.mode, place.side) {
                Ok(true) => state.side = place.side,
                Ok(false) => return false,
                Err(error) => {
                    warn!("{}: {error}", place.name);
                    return false;
                }
            }
            info!("{} on {} for its other side", hook.program(), place.name);
        }
        true
    }

    async fn attach_one(&mut self, hook: Hook, place: &Place) -> Result<HookState> {
        let is_optional =
            matches!(hook, Hook::Xdp(_)) && self.settings.datapath.xdp == XdpMode::Auto;
        if let Hook::Xdp(index) = hook
            && let Some(program) = foreign_xdp(&self.netlink, index, &self.directory).await?
        {
            if is_optional && program.is_of_another_instance() {
                let reason = format!("another instance has {program} there");
                info!("{}: no XDP: {reason}", place.name);
                return Ok(HookState {
                    mode: AttachedMode::Tc,
                    reason: Some(reason),
                    side: place.side,
                });
            }
            bail!(DatapathError::Foreign {
                link: place.name.clone(),
                program: program.to_string()
            });
        }
        let attached = self
            .datapath
            .attach(hook, place.side, &place.name, &place.modes);
        match attached {
            Err(error) if is_optional => {
                warn!("{}: no XDP: {error}", place.name);
                Ok(HookState {
                    mode: AttachedMode::Tc,
                    reason: Some(error.to_string()),
                    side: place.side,
                })
            }
            other => {
                let state = other?;
                info!("{} on {}: {}", hook.program(), place.name, state.mode);
                Ok(state)
            }
        }
    }
}
