//! Who the routers are: what the configuration, DNS and commands say.

use isatap_common::abi::PrlSource;
use tracing::{debug, info, warn};

use super::node::Node;
use crate::{
    clock,
    config::RoleSettings,
    prl::{
        PrlError,
        resolver::{Answer, Wanted},
    },
};

/// Refused addresses that are named one by one.
const REFUSALS: usize = 16;

impl Node {
    /// The static entries, and none that were.
    pub(super) fn read_prl(&mut self) {
        self.prl.set_own(self.world.own());
        let host = match &self.settings.role {
            RoleSettings::Host(host) => host,
            RoleSettings::Router(router) => {
                let peers = router.peers.iter().copied();
                warn_of("router.peers", &self.prl.replace(PrlSource::Static, peers));
                return;
            }
        };
        let listed = host.prl.iter().copied();
        warn_of("host.prl", &self.prl.replace(PrlSource::Static, listed));
        self.resolver.set_wanted(Wanted {
            name: host.domain.clone(),
            allow: host.prl_allow.clone(),
            refresh: host.refresh,
        });
        self.list_dns();
    }

    /// Takes what a look-up came to. Returns whether the router list has changed.
    pub fn looked_up(&mut self, answer: Answer) -> bool {
        if let Answer::Failed(why) = &answer {
            let known = self.resolver.state().and_then(|state| state.failed);
            if known.is_none() {
                warn!("host.domain: {why}; the list of routers stays as it is");
            } else {
                debug!("host.domain: {why}");
            }
        }
        let own = self.world.own();
        warn_of(
            "host.domain",
            &self.resolver.answered(clock::now(), answer, &own),
        );
        self.list_dns()
    }

    /// Lists what DNS names, and only that.
    fn list_dns(&mut self) -> bool {
        let before = self.prl.clone();
        let routers = self.resolver.routers().map(|(router, _)| router);
        warn_of("host.domain", &self.prl.replace(PrlSource::Dns, routers));
        let (old, new) = (before.members(), self.prl.members());
        for router in new.difference(&old) {
            info!("router {router} added by DNS");
        }
        for router in old.difference(&new) {
            info!("router {router} removed by DNS");
        }
        before != self.prl
    }
}

/// Names each address that is not listed, and why; of many the first.
fn warn_of(source: &str, refusals: &[PrlError]) {
    for refusal in refusals.iter().take(REFUSALS) {
        warn!("{source}: {refusal}");
    }
    if let Some(more) = refusals
        .len()
        .checked_sub(REFUSALS)
        .filter(|more| *more > 0)
    {
        warn!("{source}: {more} more addresses are refused");
    }
}
