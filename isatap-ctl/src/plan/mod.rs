//! Desired − observed = actions, in the order in which they must happen.
//!
//! Only what we made is ever removed: addresses and routes that carry our protocol number.

mod action;
mod apply;
mod observe;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv6Addr,
    time::Duration,
};

use ipnet::Ipv6Net;

pub use action::Action;
pub use apply::apply;
pub use observe::observe;

use crate::{clock::Boottime, kernel::routes::Preference};

/// Lifetimes this close are equal: the kernel counts whole seconds.
const SLACK: Duration = Duration::from_secs(2);

/// What the kernel shall have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desired {
    /// Name of the device.
    pub name: String,
    /// Its MTU.
    pub mtu: u32,
    /// Its addresses.
    pub addresses: BTreeMap<Ipv6Addr, AddressSpec>,
    /// Routes through it.
    pub routes: BTreeMap<Ipv6Net, RouteSpec>,
    /// Keys below `/proc/sys` and their values.
    pub settings: BTreeMap<String, String>,
}

/// What the kernel has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The device, if it is there.
    pub device: Option<DeviceState>,
    /// The addresses that we made.
    pub addresses: BTreeMap<Ipv6Addr, AddressSpec>,
    /// The routes that we made.
    pub routes: BTreeMap<Ipv6Net, RouteSpec>,
    /// The desired settings as they are.
    pub settings: BTreeMap<String, String>,
}

/// The device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceState {
    /// Its MTU.
    pub mtu: u32,
    /// Administratively up.
    pub up: bool,
    /// Whether the kernel makes addresses for it by itself.
    pub generates_addresses: bool,
}

/// An address; a deadline of `None` is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressSpec {
    /// Length of its prefix.
    pub prefix_len: u8,
    /// Until when it is preferred.
    pub preferred: Option<Boottime>,
    /// Until when it is valid.
    pub valid: Option<Boottime>,
}

/// A route; without a gateway the destination is on-link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteSpec {
    /// The next hop.
    pub gateway: Option<Ipv6Addr>,
    /// Among equals.
    pub preference: Preference,
}

/// What is to be done. Deadlines that have passed are all alike.
pub fn diff(desired: &Desired, observed: &Observed, now: Boottime) -> Vec<Action> {
    let mut actions = Vec::new();
    let name = || desired.name.clone();
    let device = observed.device;
    if device.is_none() {
        actions.push(Action::CreateDevice { name: name() });
    }
    if device.is_none_or(|device| device.generates_addresses) {
        actions.push(Action::KeepAddressesManual { name: name() });
    }
    actions.extend(settings(desired, observed));
    if device.is_none_or(|device| device.mtu != desired.mtu) {
        actions.push(Action::SetMtu {
            name: name(),
            mtu: desired.mtu,
        });
    }
    if device.is_none_or(|device| !device.up) {
        actions.push(Action::SetUp { name: name() });
    }
    actions.extend(removals(desired, observed));
    actions.extend(additions(desired, observed, now));
    actions
}

fn settings<'a>(desired: &'a Desired, observed: &'a Observed) -> impl Iterator<Item = Action> + 'a {
    let differing = desired
        .settings
        .iter()
        .filter(|(key, value)| observed.settings.get(*key) != Some(value));
    differing.map(|(key, value)| Action::Set {
        key: key.clone(),
        value: value.clone(),
    })
}

fn removals<'a>(desired: &'a Desired, observed: &'a Observed) -> impl Iterator<Item = Action> + 'a {
    let name = &desired.name;
    let routes = observed
        .routes
        .iter()
        .filter(|(net, _)| !desired.routes.contains_key(net));
    let routes = routes.map(|(destination, route)| Action::RemoveRoute {
        name: name.clone(),
        destination: *destination,
        route: *route,
    });
    let gone = observed.addresses.iter().filter(|(address, spec)| {
        desired
            .addresses
            .get(address)
            .is_none_or(|wanted| wanted.prefix_len != spec.prefix_len)
    });
    let addresses = gone.map(|(address, spec)| Action::RemoveAddress {
        name: name.clone(),
        address: *address,
        prefix_len: spec.prefix_len,
    });
    routes.chain(addresses)
}

fn additions<'a>(
    desired: &'a Desired,
    observed: &'a Observed,
    now: Boottime,
) -> impl Iterator<Item = Action> + 'a {
    let name = &desired.name;
    let missing = desired.addresses.iter().filter(move |(address, wanted)| {
        !observed
            .addresses
            .get(address)
            .is_some_and(|present| present.is_about(wanted, now))
    });
    let addresses = missing.map(|(address, spec)| Action::PutAddress {
        name: name.clone(),
        address: *address,
        spec: *spec,
    });
    let other = desired
        .routes
        .iter()
        .filter(|(net, route)| observed.routes.get(net) != Some(route));
    let routes = other.map(|(destination, route)| Action::PutRoute {
        name: name.clone(),
        destination: *destination,
        route: *route,
    });
    addresses.chain(routes)
}

impl AddressSpec {
    fn is_about(&self, other: &Self, now: Boottime) -> bool {
        let close = |a: Option<Boottime>, b: Option<Boottime>| match (a, b) {
            (Some(a), Some(b)) => a.max(now).abs_diff(b.max(now)) <= SLACK,
            (a, b) => a == b,
        };
        self.prefix_len == other.prefix_len
            && close(self.preferred, other.preferred)
            && close(self.valid, other.valid)
    }
}

/// Keys that are read to observe `desired`.
fn keys(desired: &Desired) -> BTreeSet<&String> {
    desired.settings.keys().collect()
}

#[cfg(test)]
mod tests;
