//! The decision what to do.

use std::collections::HashSet;
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::action::Action;
use super::lifetime::agree;
use super::state::{AddressSpec, Desired, DeviceState, Observed, Path, RouteSpec, Speaker};

/// The steps from `observed` to `desired`, in the order to take them; none if they agree.
///
/// The device comes first. A route that takes the place of another to the same destination is
/// added before that one goes; otherwise what is stale goes before what is new comes.
pub fn diff(desired: &Desired, observed: &Observed) -> Vec<Action> {
    let stale = stale_routes(desired, observed);
    let places = Places::of(&stale);
    let (successors, fresh): (Vec<_>, Vec<_>) = fresh_routes(desired, observed)
        .into_iter()
        .partition(|route| places.are_left_for(route));
    let device = &desired.device.name;
    let add = |route: RouteSpec| Action::AddRoute {
        device: device.clone(),
        route,
    };
    let remove = |route: RouteSpec| Action::RemoveRoute {
        device: device.clone(),
        route,
    };
    let mut actions = creation(desired, observed.device);
    actions.extend(sysctls(desired, observed));
    actions.extend(activation(desired, observed.device));
    actions.extend(successors.into_iter().map(add));
    actions.extend(stale.into_iter().map(remove));
    actions.extend(stale_addresses(desired, observed));
    actions.extend(fresh_addresses(desired, observed));
    actions.extend(fresh.into_iter().map(add));
    actions
}

/// The device, before it is up: once it is, the kernel would make addresses for it.
fn creation(desired: &Desired, found: Option<DeviceState>) -> Vec<Action> {
    let device = &desired.device.name;
    let create = found.is_none().then(|| Action::CreateDevice {
        device: device.clone(),
    });
    let generates = found.is_none_or(|state| state.generates_addresses);
    let silence = generates.then(|| Action::SetAddressGeneration {
        device: device.clone(),
        on: false,
    });
    create.into_iter().chain(silence).collect()
}

fn sysctls(desired: &Desired, observed: &Observed) -> Vec<Action> {
    let wanted = desired.sysctls.iter();
    let different = wanted.filter(|(key, value)| observed.sysctls.get(key) != Some(value));
    different
        .map(|(key, value)| Action::SetSysctl {
            key: key.clone(),
            value: value.clone(),
            before: observed.sysctls.get(key).cloned(),
        })
        .collect()
}

fn activation(desired: &Desired, found: Option<DeviceState>) -> Vec<Action> {
    let (device, mtu) = (&desired.device.name, desired.device.mtu);
    let before = found.map(|state| state.mtu);
    let resize = (before != Some(mtu)).then(|| Action::SetMtu {
        device: device.clone(),
        mtu,
        before,
    });
    let up = found.is_some_and(|state| state.up);
    let start = (!up).then(|| Action::SetUp {
        device: device.clone(),
        up: true,
    });
    resize.into_iter().chain(start).collect()
}

fn stale_routes(desired: &Desired, observed: &Observed) -> Vec<RouteSpec> {
    let stale = observed.routes.difference(&desired.routes);
    stale.cloned().collect()
}

/// The routes that are missing, unless somebody else has made the same one.
fn fresh_routes(desired: &Desired, observed: &Observed) -> Vec<RouteSpec> {
    let others: HashSet<Path> = observed.other_routes.iter().map(RouteSpec::path).collect();
    let missing = desired.routes.difference(&observed.routes);
    let missing = missing.filter(|route| !others.contains(&route.path()));
    missing.cloned().collect()
}

/// What routes that go lead to, and how.
struct Places {
    destinations: HashSet<Ipv6Net>,
    paths: HashSet<Path>,
}

impl Places {
    fn of(stale: &[RouteSpec]) -> Self {
        Self {
            destinations: stale.iter().map(|old| old.destination).collect(),
            paths: stale.iter().map(RouteSpec::path).collect(),
        }
    }

    /// Whether `route` leads where one of them does, and can exist beside all of them.
    fn are_left_for(&self, route: &RouteSpec) -> bool {
        self.destinations.contains(&route.destination) && !self.paths.contains(&route.path())
    }
}

fn stale_addresses(desired: &Desired, observed: &Observed) -> Vec<Action> {
    let stale = observed.addresses.iter().filter(|(address, found)| {
        let wanted = desired.addresses.get(address);
        let wanted = wanted.filter(|wanted| !wanted.is_over(observed.at));
        wanted.is_none_or(|wanted| wanted.prefix_len != found.prefix_len)
    });
    stale
        .map(|(address, found)| Action::RemoveAddress {
            device: desired.device.name.clone(),
            address: *address,
            prefix_len: found.prefix_len,
            lifetimes: found.lifetimes(observed.at),
        })
        .collect()
}

/// The addresses that are missing or have other lifetimes, unless somebody else has made them;
/// the deprecated ones first, or last where the kernel is to speak from another.
fn fresh_addresses(desired: &Desired, observed: &Observed) -> Vec<Action> {
    let now = observed.at;
    let device = &desired.device.name;
    let step = |address: Ipv6Addr, wanted: &AddressSpec| {
        let found = observed.addresses.get(&address);
        let found = found.filter(|found| found.prefix_len == wanted.prefix_len);
        let (device, prefix_len) = (device.clone(), wanted.prefix_len);
        let lifetimes = wanted.lifetimes(now);
        let Some(before) = found.map(|found| found.lifetimes(now)) else {
            return Some(Action::AddAddress {
                device,
                address,
                prefix_len,
                lifetimes,
            });
        };
        (!agree(lifetimes, before)).then_some(Action::RefreshAddress {
            device,
            address,
            prefix_len,
            lifetimes,
            before,
        })
    };
    let wanted = desired.addresses.iter().filter(|(address, wanted)| {
        !wanted.is_over(now) && !observed.other_addresses.contains(address)
    });
    let mut wanted: Vec<_> = wanted.collect();
    let oldest_speaks = desired.speaker == Speaker::Kernel;
    wanted.sort_by_key(|(_, wanted)| {
        let is_deprecated = wanted.lifetimes(now).preferred == Some(Duration::ZERO);
        is_deprecated == oldest_speaks
    });
    wanted
        .into_iter()
        .filter_map(|(address, wanted)| step(*address, wanted))
        .collect()
}
