//! The desired tables as [`Site`], for the slow path: the same answers as the maps, by search.

use std::net::{Ipv4Addr, Ipv6Addr};

use isatap_common::{
    abi::{Config, Hearing, LocatorKey, Standing},
    addr::{Address, Ipv4},
    path::Site,
};

use super::Tables;
use crate::clock;

impl Site for Tables {
    fn config(&self) -> &Config {
        &self.config
    }

    fn locator(&self, ifindex: u32, ipv4: Ipv4) -> Option<u16> {
        self.locators
            .get(&LocatorKey { ifindex, ipv4 })
            .map(|locator| locator.slot)
    }

    /// The slow path only takes packets in.
    fn heard_at(&self, _: Ipv4) -> Option<Ipv4> {
        None
    }

    fn lists_router(&self, ipv4: Ipv4) -> bool {
        self.prl
            .get(&Ipv4Addr::from(ipv4))
            .is_some_and(|entry| is_ahead(entry.deadline))
    }

    fn is_on_link(&self, address: Address) -> bool {
        let address = Ipv6Addr::from(address.octets());
        let covering = self
            .prefixes
            .iter()
            .filter(|(net, _)| net.contains(&address));
        covering
            .max_by_key(|(net, _)| net.prefix_len())
            .is_some_and(|(_, deadline)| is_ahead(*deadline))
    }

    fn standing(&self, ipv4: Ipv4) -> Standing {
        let covering = self
            .known_ipv4
            .iter()
            .filter(|(net, _)| net.contains(&Ipv4Addr::from(ipv4)));
        covering
            .max_by_key(|(net, _)| net.prefix_len())
            .map_or(Standing::Unknown, |(_, standing)| *standing)
    }

    /// What comes this way was heard from when a program looked.
    fn hearing(&self, _ipv4: Ipv4) -> Hearing {
        Hearing::Heard
    }

    fn route(&self, destination: Address) -> Option<Ipv4> {
        let destination = Ipv6Addr::from(destination.octets());
        let covering = self
            .routes
            .iter()
            .filter(|(net, _)| net.contains(&destination));
        covering
            .max_by_key(|(net, _)| net.prefix_len())
            .map(|(_, via)| via.octets())
    }
}

fn is_ahead(deadline: u64) -> bool {
    deadline == u64::MAX || u128::from(deadline) > clock::now().as_nanos()
}
