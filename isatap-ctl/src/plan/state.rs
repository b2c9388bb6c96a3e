//! What there should be, and what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use serde::Serialize;

use crate::clock::Boottime;
use crate::kernel::addresses::Lifetimes;
use crate::kernel::routes::{Ipv6Route, Preference};

/// What there should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The interface.
    pub device: DeviceSpec,
    /// Its addresses.
    pub addresses: BTreeMap<Ipv6Addr, AddressSpec>,
    /// The routes through it; on-link prefixes too, `fe80::/64` included: addresses bring none.
    pub routes: BTreeSet<RouteSpec>,
    /// Who shall find the right one first among its link-local addresses.
    pub speaker: Speaker,
    /// Settings such as `net/ipv6/conf/isatap0/forwarding`, in the order to make them.
    pub sysctls: Vec<(String, String)>,
}

/// Who speaks from a link-local address without saying which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speaker {
    /// The kernel, whose Redirects come from the oldest.
    Kernel,
    /// Programs such as radvd, which take the newest: the kernel lists it first.
    #[default]
    Programs,
}

/// The interface that there should be: a TUN device that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSpec {
    /// Its name.
    pub name: String,
    /// Its largest packet in bytes.
    pub mtu: u32,
}

/// One address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressSpec {
    /// Length of its prefix.
    pub prefix_len: u8,
    /// When it stops being good for new connections; `None` is never.
    pub preferred: Option<Boottime>,
    /// When it stops being good at all; `None` is never.
    pub valid: Option<Boottime>,
}

/// One route. Those with the same destination and metric are paths that share the traffic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RouteSpec {
    /// Where it leads.
    pub destination: Ipv6Net,
    /// The next hop; `None` if the destination is on-link.
    pub gateway: Option<Ipv6Addr>,
    /// The lowest is preferred. Never 0, which the kernel takes for 1024.
    pub metric: u32,
    /// The same for all paths that share traffic; the kernel keeps one for them.
    pub preference: Preference,
}

/// Destination, next hop and metric of a route.
pub(super) type Path = (Ipv6Net, Option<Ipv6Addr>, u32);

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// When this was read.
    pub at: Boottime,
    /// The interface, if it exists.
    pub device: Option<DeviceState>,
    /// Its addresses that are ours.
    pub addresses: BTreeMap<Ipv6Addr, AddressSpec>,
    /// Its addresses that are not.
    pub other_addresses: BTreeSet<Ipv6Addr>,
    /// The routes through it that are ours.
    pub routes: BTreeSet<RouteSpec>,
    /// The routes through it that are not.
    pub other_routes: BTreeSet<RouteSpec>,
    /// Every route through it as it was read, also those of other tables.
    pub all_routes: Vec<Ipv6Route>,
    /// Those of the desired settings that exist.
    pub sysctls: BTreeMap<String, String>,
}

/// The interface that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceState {
    /// Its largest packet in bytes.
    pub mtu: u32,
    /// Whether it is up.
    pub up: bool,
    /// Whether the kernel makes addresses for it by itself.
    pub generates_addresses: bool,
}

impl Observed {
    /// What will be left once the device called `name` is deleted.
    #[must_use]
    pub fn without_device(mut self, name: &str) -> Self {
        self.sysctls
            .retain(|key, _| !key.split('/').any(|part| part == name));
        Self {
            at: self.at,
            sysctls: self.sysctls,
            ..Self::default()
        }
    }
}

impl AddressSpec {
    /// An address that lasts.
    pub const fn lasting(prefix_len: u8) -> Self {
        Self {
            prefix_len,
            preferred: None,
            valid: None,
        }
    }

    /// What is left of the lifetimes at `now`.
    pub fn lifetimes(&self, now: Boottime) -> Lifetimes {
        let left = |deadline: Boottime| deadline.saturating_sub(now);
        let valid = self.valid.map(left);
        let preferred = match (self.preferred.map(left), valid) {
            (Some(preferred), Some(valid)) => Some(preferred.min(valid)),
            (preferred, valid) => preferred.or(valid),
        };
        Lifetimes { preferred, valid }
    }

    /// Whether the address is past its valid lifetime at `now`.
    pub fn is_over(&self, now: Boottime) -> bool {
        self.lifetimes(now).valid == Some(Duration::ZERO)
    }
}

impl RouteSpec {
    /// What makes it one path, whatever its preference: there can be only one of them.
    pub(super) fn path(&self) -> Path {
        #[cfg(test)]
        super::tests::PATHS_ASKED_FOR.set(super::tests::PATHS_ASKED_FOR.get() + 1);
        (self.destination, self.gateway, self.metric)
    }
}
