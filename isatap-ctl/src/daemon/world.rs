//! What the machine looks like: NICs and their IPv4 addresses.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use ipnet::Ipv4Net;
use isatap_common::abi::MAX_LOCATORS;

use super::Unsuitable;
use crate::{
    config::{Interface, Mtu, RoleSettings, Settings},
    kernel::{Error, Netlink, addresses::Ipv4OnLink, links::Link, release::Release},
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
    /// The kernel.
    pub release: Release,
}

/// One of our addresses on the link: an IPv4 address and the interface that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locator {
    /// The interface.
    pub index: u32,
    /// The address.
    pub ipv4: Ipv4Addr,
}

impl Locator {
    const fn of(on_link: &Ipv4OnLink) -> Self {
        Self {
            index: on_link.index,
            ipv4: on_link.address,
        }
    }
}

impl World {
    /// Reads it.
    pub async fn read(netlink: &Netlink) -> Result<Self, Error> {
        Ok(Self {
            links: netlink.links().await?,
            ipv4: netlink.ipv4_addresses().await?,
            release: Release::running(),
        })
    }

    /// Every NIC of the configuration exists.
    pub fn check_links(&self, settings: &Settings) -> Result<(), Unsuitable> {
        for name in nics(settings) {
            if self.link(name).is_none() {
                return Err(Unsuitable(format!(
                    "there is no interface {name}; create it, or correct {}",
                    settings.file.display()
                )));
            }
        }
        Ok(())
    }

    /// What became of the NICs of the configuration since `before`.
    pub fn news(&self, before: &Self, settings: &Settings) -> Vec<String> {
        let of = |name: &String| match (before.link(name), self.link(name)) {
            (None, Some(_)) => Some(format!("{name} is there")),
            (Some(old), Some(new)) if old.index != new.index => {
                Some(format!("{name} was made anew"))
            }
            (Some(old), None) => Some(match self.links.get(&old.index) {
                None => format!("{name} is gone"),
                Some(renamed) => format!(
                    "{name} is called {} now; the configuration means a NIC called {name}",
                    renamed.name
                ),
            }),
            _ => None,
        };
        nics(settings).filter_map(of).collect()
    }

    /// The device called `name`.
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.values().find(|link| link.name == name)
    }

    /// The VLANs whose tagged frames `link` carries.
    pub fn vlans<'a>(&'a self, link: &'a Link) -> impl Iterator<Item = &'a Link> {
        let all = self.links.values();
        all.filter(|vlan| vlan.trunk == Some(link.index))
    }

    /// Those of the devices called `names` that exist.
    pub fn present<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = &'a Link> {
        names.iter().filter_map(|name| self.link(name))
    }

    /// Whether any of the devices called `names` can carry packets.
    pub fn is_carrying(&self, names: &[String]) -> bool {
        self.present(names).any(|link| link.running)
    }

    /// The locators (RFC 5214 section 6.2), the best first: the configured address alone if a NIC
    /// has it, or every primary address of the uplinks, in their order; of a host only the first.
    pub fn locators(&self, settings: &Settings) -> Vec<Locator> {
        let interface = &settings.interface;
        let uplinks = || self.present(&interface.uplinks).map(|link| link.index);
        let mut locators: Vec<Locator> = match interface.local {
            None => uplinks().flat_map(|index| self.primary(index)).collect(),
            Some(local) => {
                let mut having = self.ipv4.iter().filter(|on| on.address == local);
                let on_uplink = having
                    .clone()
                    .find(|on| uplinks().any(|index| index == on.index));
                on_uplink
                    .or_else(|| having.next())
                    .map(Locator::of)
                    .into_iter()
                    .collect()
            }
        };
        let mut seen = BTreeSet::new();
        locators.retain(|locator| seen.insert(locator.ipv4));
        locators.truncate(match settings.role {
            RoleSettings::Router(_) => MAX_LOCATORS,
            RoleSettings::Host(_) => 1,
        });
        locators
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
            Mtu::Auto => self
                .smallest_uplink(interface)
                .map_or(MIN_MTU, |mtu| mtu.saturating_sub(OUTER))
                .clamp(MIN_MTU, MAX_AUTO_MTU),
        }
    }

    /// The largest IPv4 packet that every uplink takes.
    pub fn smallest_uplink(&self, interface: &Interface) -> Option<u32> {
        self.present(&interface.uplinks).map(|link| link.mtu).min()
    }

    fn primary(&self, index: u32) -> impl Iterator<Item = Locator> {
        let on_link = self.ipv4.iter();
        on_link
            .filter(move |on| on.index == index && !on.secondary)
            .map(Locator::of)
    }
}

/// Every NIC that the configuration names.
fn nics(settings: &Settings) -> impl Iterator<Item = &String> {
    let links = match &settings.role {
        RoleSettings::Router(router) => router.links.as_slice(),
        RoleSettings::Host(_) => &[],
    };
    settings.interface.uplinks.iter().chain(links)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;

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
            trunk: None,
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
            release: Release::running(),
        }
    }

    fn settings(role: &str, uplinks: &[&str], local: &str) -> Settings {
        let text = format!("[interface]\nrole = {role:?}\nuplinks = {uplinks:?}\n{local}\n");
        config::parse(Path::new("t.toml"), &text).unwrap()
    }

    #[test]
    fn the_locators_are_the_primary_addresses_of_the_uplinks_or_the_configured_one() {
        let world = world();
        let locators = |role, uplinks: &[&str], local| {
            let found = world.locators(&settings(role, uplinks, local));
            let pairs = found.iter().map(|found| (found.index, found.ipv4.octets()));
            pairs.collect::<Vec<_>>()
        };
        let (first, second) = ((2, [10, 1, 0, 1]), (3, [10, 2, 0, 1]));
        let both = ["eth0", "eth1"];
        assert_eq!(locators("router", &both, ""), [first, second]);
        assert_eq!(locators("host", &both, ""), [first]);
        assert_eq!(locators("router", &["eth1", "eth0"], ""), [second, first]);
        assert_eq!(locators("router", &["gone", "eth1"], ""), [second]);
        let secondary = locators("router", &both, "local = \"10.1.0.9\"");
        assert_eq!(secondary, [(2, [10, 1, 0, 9])]);
        let elsewhere = locators("router", &["eth0"], "local = \"10.2.0.1\"");
        assert_eq!(elsewhere, [second]);
        assert_eq!(locators("router", &both, "local = \"10.9.9.9\""), []);
    }

    /// As on two uplinks of different sites; the one that the configuration names has it.
    #[test]
    fn an_address_that_two_nics_have_is_one_locator_of_the_uplink() {
        let mut world = world();
        let same = Ipv4OnLink {
            index: 3,
            ..world.ipv4[2]
        };
        world.ipv4.push(same);
        for local in ["", "local = \"10.1.0.1\""] {
            let found = world.locators(&settings("router", &["eth1"], local));
            assert!(found.contains(&Locator {
                index: 3,
                ipv4: [10, 1, 0, 1].into()
            }));
        }
        let both = world.locators(&settings("router", &["eth0", "eth1"], ""));
        assert_eq!(both.len(), 2);
    }

    #[test]
    fn news_of_nics_tell_a_new_name_from_a_loss() {
        let before = world();
        let settings = settings("router", &["eth0", "eth1"], "");
        assert!(before.news(&before, &settings).is_empty());
        let mut after = before.clone();
        after.links.get_mut(&2).unwrap().name = "lan0".into();
        after.links.remove(&3);
        assert_eq!(
            after.news(&before, &settings),
            [
                "eth0 is called lan0 now; the configuration means a NIC called eth0",
                "eth1 is gone"
            ]
        );
        let back = before.news(&after, &settings);
        assert_eq!(back, ["eth0 is there", "eth1 is there"]);
        let mut other = before.clone();
        let mut made = other.links.remove(&3).unwrap();
        made.index = 9;
        other.links.insert(9, made);
        assert_eq!(other.news(&before, &settings), ["eth1 was made anew"]);
    }

    #[test]
    fn the_mtu_follows_the_smallest_uplink_within_bounds() {
        let world = world();
        let mtu = |uplinks: &[&str]| world.mtu(&settings("router", uplinks, "").interface);
        assert_eq!(mtu(&["eth0"]), 1480);
        assert_eq!(mtu(&["eth0", "eth1"]), 1380);
        assert_eq!(mtu(&["gone"]), 1280);
    }
}
