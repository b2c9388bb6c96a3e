//! The routers of a host, watched: who is asked, who answers, and whose place is another's to take.

use std::{collections::BTreeMap, net::Ipv4Addr};

use isatap_common::nd::NdError;
use tracing::{debug, info};

use super::{discovery::Outgoing, link, node::Node};
use crate::{
    clock::{self, Boottime},
    kernel::sockets::Received,
    nd::{
        Refusal,
        host::HostState,
        reachability::{News, Probe, Timing},
    },
};

impl Node {
    /// Looks at the traffic with each router that may be used. Returns the solicitations that are due.
    pub(super) fn watch_routers(&mut self, now: Boottime) -> Vec<Outgoing> {
        let Some(state) = self.discovery.host(now) else {
            return Vec::new();
        };
        let locators = self.world.locators(&self.settings);
        let timing = Timing::advertised(state.reachable_time, state.retrans_timer);
        let locator = locators.first().map(|locator| locator.ipv4);
        self.detector.set_locator(locator);
        self.detector.set_timing(timing);
        let routes = state.default_routes.iter().chain(&state.routes);
        let next_hops: BTreeMap<_, _> = routes.map(|route| (route.via, route.gateway)).collect();
        self.detector.watch(now, &next_hops);
        self.look_at_traffic(now, &state);
        let due = self.detector.poll(now);
        for router in due.died {
            info!("router {router} does not answer");
            self.discovery.unreachable(router);
        }
        let probes = due.probes.into_iter().map(Outgoing::from);
        let of_peers = self.watch_correspondents(now, locator, timing);
        probes.chain(of_peers).collect()
    }

    fn look_at_traffic(&mut self, now: Boottime, state: &HostState) {
        let routers = self.detector.sampling(now);
        for router in &routers {
            let packets = self.datapath.maps.exchanged(*router);
            self.detector.exchanged(now, *router, packets);
        }
        if !routers.is_empty() && self.detector.is_in_use(now) {
            for router in link::wanted(state) {
                self.detector.revisit(now, router);
            }
        }
    }

    /// ARP found nobody at `ipv4` on the interface. Of a router on an uplink's own network that is a
    /// hint like an ICMPv4 error (RFC 5214 section 7.2).
    pub(super) fn unresolved(&mut self, index: u32, ipv4: Ipv4Addr) {
        let mut uplinks = self.world.present(&self.settings.interface.uplinks);
        if uplinks.any(|uplink| uplink.index == index) && self.detector.watches(ipv4) {
            debug!("router {ipv4} does not answer ARP");
            self.detector.hint(clock::now(), ipv4);
        }
    }

    /// Takes a Neighbor Advertisement, of a router or of another node.
    pub(super) fn neighbor_answered(
        &mut self,
        now: Boottime,
        message: &Received,
    ) -> Result<(), Refusal> {
        if message.truncated {
            return Err(Refusal::Invalid(NdError::Length));
        }
        let received = isatap_common::nd::Received {
            source: message.source,
            destination: message.destination.ok_or(Refusal::Destination)?,
            hop_limit: message.hop_limit,
            bytes: &message.bytes,
        };
        let News {
            neighbor,
            revived,
            ceased_to_route,
        } = match self.detector.answered(now, &received) {
            Err(Refusal::NoEntry) => return self.peer_answered(now, &received),
            answered => answered?,
        };
        if revived {
            info!("router {neighbor} answers again");
            self.discovery.revived(neighbor);
        }
        if ceased_to_route {
            info!("{neighbor} is no router any more");
            self.discovery.ceased(neighbor);
        }
        Ok(())
    }
}

impl From<Probe> for Outgoing {
    fn from(probe: Probe) -> Self {
        Self {
            source: probe.source,
            destination: probe.destination,
            bytes: probe.bytes,
        }
    }
}
