//! Other routers of the site, watched for contradictions (RFC 4861 section 6.2.7).

use std::collections::BTreeSet;

use tracing::{info, warn};

use super::{
    discovery::{Outgoing, ROUTER_ADVERTISEMENT, destination_of_whole},
    node::Node,
};
use crate::{
    clock::{self, Boottime},
    config::RoleSettings,
    kernel::sockets::Received,
    nd::{Refusal, router::Advertiser, watch::News},
};

impl Node {
    /// Has the watch follow the configuration, our addresses and what we advertise. Who does not
    /// advertise cannot be contradicted.
    pub(super) fn follow_peers(&mut self) {
        let told = self.discovery.advertiser().map(Advertiser::told);
        let peers = match &self.settings.role {
            RoleSettings::Router(router) if told.is_some() => router.peers.as_slice(),
            _ => &[],
        };
        let members = self.prl.members();
        let peers: BTreeSet<_> = peers
            .iter()
            .copied()
            .filter(|peer| members.contains(peer))
            .collect();
        let locators = self.world.locators(&self.settings);
        self.watch
            .follow(&peers, locators.first().map(|locator| locator.ipv4));
        self.watch.set_told(clock::now(), told.unwrap_or_default());
    }

    /// Whether a message is one that a router may have from its peers.
    pub(super) fn is_from_peer(&self, message: &Received) -> bool {
        let is_router = matches!(self.settings.role, RoleSettings::Router(_));
        is_router && message.bytes.first() == Some(&ROUTER_ADVERTISEMENT)
    }

    /// Takes a Router Advertisement of a peer.
    pub(super) fn peer_advertised(
        &mut self,
        now: Boottime,
        message: &Received,
    ) -> Result<(), Refusal> {
        let destination = destination_of_whole(message)?;
        let (source, hop_limit, bytes) = (message.source, message.hop_limit, &message.bytes);
        self.watch
            .advertised(now, source, destination, hop_limit, bytes)
    }

    /// Tells what is new of the peers. Returns the solicitations that are due.
    pub(super) fn watch_peers(&mut self, now: Boottime) -> Vec<Outgoing> {
        let (questions, news) = self.watch.poll(now);
        for news in news {
            tell(news);
        }
        let outgoing = questions.into_iter().map(|question| Outgoing {
            source: question.source,
            destination: question.destination,
            bytes: question.bytes,
        });
        outgoing.collect()
    }
}

fn tell(news: News) {
    match news {
        News::Differs(peer, item, values) => warn!(
            "router {peer} advertises {item}: {}, this one: {}",
            values.theirs, values.ours
        ),
        News::Agrees(peer, item) => info!("router {peer} no longer contradicts this one: {item}"),
        News::Silent(peer) => warn!("router {peer} does not answer solicitations"),
        News::Answers(peer) => info!("router {peer} answers solicitations again"),
    }
}
