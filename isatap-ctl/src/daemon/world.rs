//! What the machine looks like: NICs and their IPv4 addresses.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use ipnet::Ipv4Net;

use super::Unsuitable;
use crate::{
    config::{Interface, Mtu, RoleSettings, Settings},
    kernel::{Error, Netlink, addresses::Ipv4OnLink, links::Link},
};

/// Smallest MTU of an IPv6 link (RFC 8200 section 5).
const MIN_MTU: u32 = 1280;
/// Largest default MTU of a tunnel over Ethernet (RFC 4213 section 3.2.1).
const MAX_AUTO_MTU: u32 = 1480;
/// Octets that encapsulation adds.
const OUTER: u32 = 20;

/// The machine, as last read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// Every device, by index.
    pub links: BTreeMap<u32, Link>,
    /// Every IPv4 address, primary ones first.
    pub ipv4: Vec<Ipv4OnLink>,
}

impl World {
    /// Reads it.
    pub async fn read(netlink: &Netlink) -> Result<Self, Error> {
        Ok(Self {
            links: netlink.links().await?,
            ipv4: netlink.ipv4_addresses().await?,
        })
    }

    /// Every NIC of the configuration exists.
    pub fn check_links(&self, settings: &Settings) -> Result<(), Unsuitable> {
        let links = match &settings.role {
            RoleSettings::Router(router) => router.links.as_slice(),
            RoleSettings::Host(_) => &[],
        };
        for name in settings.interface.uplinks.iter().chain(links) {
            if self.link(name).is_none() {
                return Err(Unsuitable(format!(
                    "there is no interface {name}; create it, or correct {}",
                    settings.file.display()
                )));
            }
        }
        Ok(())
    }

    /// The device called `name`.
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.values().find(|link| link.name == name)
    }

    /// Those of the devices called `names` that exist.
    pub fn present<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = &'a Link> {
        names.iter().filter_map(|name| self.link(name))
    }

    /// Whether any of the devices called `names` can carry packets.
    pub fn is_carrying(&self, names: &[String]) -> bool {
        self.present(names).any(|link| link.running)
    }

    /// The locator: the configured address if a NIC has it, or the primary address of the first
    /// uplink that has one.
    pub fn locator(&self, interface: &Interface) -> Option<Ipv4Addr> {
        let Some(local) = interface.local else {
            return self
                .present(&interface.uplinks)
                .find_map(|link| self.primary(link.index));
        };
        self.ipv4
            .iter()
            .any(|on_link| on_link.address == local)
            .then_some(local)
    }

    /// Every IPv4 address of this machine.
    pub fn own(&self) -> BTreeSet<Ipv4Addr> {
        self.ipv4.iter().map(|on_link| on_link.address).collect()
    }

    /// Every address of this machine with its network; loopback is not on any link.
    pub fn connected(&self) -> Vec<Ipv4Net> {
        let outside = self
            .ipv4
            .iter()
            .filter(|on_link| !on_link.address.is_loopback());
        outside
            .filter_map(|on_link| Ipv4Net::new(on_link.address, on_link.prefix_len).ok())
            .collect()
    }

    /// The largest inner packet that every uplink takes, or the configured number.
    pub fn mtu(&self, interface: &Interface) -> u32 {
        match interface.mtu {
            Mtu::Fixed(mtu) => u32::from(mtu),
            Mtu::Auto => {
                let smallest = self.present(&interface.uplinks).map(|link| link.mtu).min();
                smallest
                    .map_or(MIN_MTU, |mtu| mtu.saturating_sub(OUTER))
                    .clamp(MIN_MTU, MAX_AUTO_MTU)
            }
        }
    }

    fn primary(&self, index: u32) -> Option<Ipv4Addr> {
        let on_link = self
            .ipv4
            .iter()
            .find(|on| on.index == index && !on.secondary)?;
        Some(on_link.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        let link = |index, name: &str, mtu| Link {
            index,
            name: name.into(),
            mtu,
            up: true,
            running: true,
            kind: None,
            mac: None,
            generates_addresses: true,
            xdp_program: None,
        };
        let address = |index, address: [u8; 4], secondary| Ipv4OnLink {
            index,
            address: address.into(),
            prefix_len: 24,
            secondary,
            broadcast: None,
        };
        World {
            links: [link(2, "eth0", 1500), link(3, "eth1", 1400)]
                .into_iter()
                .map(|link| (link.index, link))
                .collect(),
            ipv4: vec![
                address(3, [10, 2, 0, 1], false),
                address(2, [10, 1, 0, 9], true),
                address(2, [10, 1, 0, 1], false),
            ],
        }
    }

    fn interface(uplinks: &[&str], local: Option<[u8; 4]>) -> Interface {
        Interface {
            name: "isatap0".into(),
            uplinks: uplinks.iter().map(ToString::to_string).collect(),
            local: local.map(Ipv4Addr::from),
            mtu: Mtu::Auto,
            ttl: 64,
            copy_dscp: false,
        }
    }

    #[test]
    fn the_locator_is_the_primary_address_of_the_first_uplink_that_has_one() {
        let world = world();
        let locator = |uplinks: &[&str], local| world.locator(&interface(uplinks, local));
        assert_eq!(locator(&["eth0", "eth1"], None), Some([10, 1, 0, 1].into()));
        assert_eq!(locator(&["gone", "eth1"], None), Some([10, 2, 0, 1].into()));
        assert_eq!(
            locator(&["eth0"], Some([10, 1, 0, 9])),
            Some([10, 1, 0, 9].into())
        );
        assert_eq!(locator(&["eth0"], Some([10, 9, 9, 9])), None);
    }

    #[test]
    fn the_mtu_follows_the_smallest_uplink_within_bounds() {
        let world = world();
        assert_eq!(world.mtu(&interface(&["eth0"], None)), 1480);
        assert_eq!(world.mtu(&interface(&["eth0", "eth1"], None)), 1380);
        assert_eq!(world.mtu(&interface(&["gone"], None)), 1280);
    }
}
