//! Configuration and world → what the kernel shall have.

mod places;
mod sysctls;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, Ipv6Addr},
};

use ipnet::Ipv6Net;
use isatap_common::{
    abi::{
        self, Config, LocatorKey, LocatorRef, MAX_LOCATORS, PrlEntry, PrlSource, Role, Route,
        Switches,
    },
    addr,
};

use self::sysctls::sysctls;
pub use self::{
    places::{Place, forwarding, hooks, nics, redirectable, unfit_for_xdp},
    sysctls::FORWARDING,
};
use super::{
    link::{self, Link},
    world::{Locator, World},
};
use crate::{
    clock::Boottime,
    config::{PathMtu, RoleSettings, Settings},
    datapath::{Nics, Tables, fresh_jiffies, known_ipv4, six_rd_prefix},
    kernel::{
        links,
        routes::{Ipv6Route, Preference},
    },
    plan::{AddressSpec, Desired, DeviceSpec, RouteSpec, Speaker},
};

/// Metric of our routes. Those of native Router Advertisements have 1024 and so come first; an
/// equal one would share the traffic with them.
const METRIC: u32 = 2048;
/// Of a second.
const NANOSECONDS: u32 = 1_000_000_000;

/// What is decided outside the configuration and the world.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Index of the ISATAP device.
    pub device: u32,
    /// What the link looks like.
    pub link: Link,
    /// Potential Router List.
    pub prl: BTreeMap<Ipv4Addr, PrlSource>,
    /// Routes that the kernel has through the device.
    pub routes: Vec<Ipv6Route>,
    /// Whether the kernel can decapsulate by flag.
    pub decap_l3: bool,
}

/// The device, its addresses and routes, and the settings around it. A router forwards from its
/// start on; who switches that off later has a reason, which is respected.
pub fn plan(
    settings: &Settings,
    link: &Link,
    locators: &[Locator],
    mtu: u32,
    is_start: bool,
) -> Desired {
    let addresses = addresses(link, locators)
        .into_iter()
        .map(|(address, lifetimes)| {
            let (preferred, valid) = (lifetimes.preferred, lifetimes.valid);
            (
                address,
                AddressSpec {
                    prefix_len: 64,
                    preferred,
                    valid,
                },
            )
        });
    let on_link = prefixes(link)
        .into_keys()
        .map(|prefix| route(prefix, None, Preference::Medium));
    let routes = link
        .routes
        .iter()
        .map(|(prefix, gateway)| route(*prefix, Some(gateway.address), gateway.preference));
    Desired {
        device: DeviceSpec {
            name: settings.interface.name.clone(),
            mtu,
        },
        addresses: addresses.collect(),
        routes: on_link.chain(routes).collect(),
        speaker: match &settings.role {
            // The daemon itself says which address it speaks from.
            RoleSettings::Router(settings) if settings.advertise => Speaker::Kernel,
            _ => Speaker::Programs,
        },
        sysctls: sysctls(settings, link)
            .into_iter()
            .filter(|(key, _)| is_start || key != FORWARDING)
            .collect(),
    }
}

fn route(destination: Ipv6Net, gateway: Option<Ipv6Addr>, preference: Preference) -> RouteSpec {
    RouteSpec {
        destination,
        gateway,
        metric: METRIC,
        preference,
    }
}

/// The contents of the maps, with what [`redirectable`] and [`nics`] have found.
pub fn tables(
    settings: &Settings,
    world: &World,
    inputs: &Inputs,
    redirectable: BTreeSet<u32>,
    nics: Nics,
) -> Tables {
    let locators = world.locators(settings);
    let mut slots = [LocatorRef::default(); MAX_LOCATORS];
    for (slot, locator) in slots.iter_mut().zip(&locators) {
        *slot = LocatorRef {
            ifindex: locator.index,
            ipv4: locator.ipv4.octets(),
        };
    }
    let role = if matches!(settings.role, RoleSettings::Router(_)) {
        Role::Router
    } else {
        Role::Host
    };
    Tables {
        config: Config {
            generation: 0,
            fresh_jiffies: fresh_jiffies(),
            device: inputs.device,
            role: role as u8,
            ttl: settings.interface.ttl,
            switches: switches(settings, inputs.decap_l3, &redirectable).0,
            mtu: mtu(settings, world, inputs),
            probe_interval: NANOSECONDS / settings.datapath.unknown_rate.max(1),
            locator_count: locators.len() as u16,
            locators: slots,
        },
        prl: inputs
            .prl
            .iter()
            .map(|(ipv4, source)| (*ipv4, prl_entry(*source)))
            .collect(),
        locators: entrances(&locators, settings, world),
        prefixes: prefixes(&inputs.link),
        routes: routes(&inputs.routes)
            .into_iter()
            .chain(elsewhere(settings, world))
            .collect(),
        known_ipv4: known_ipv4(&settings.datapath.known_ipv4, &world.connected()),
        links: redirectable,
        nics,
    }
}

/// The MTU of the device: ours, or a smaller one that a router advertises.
pub fn mtu(settings: &Settings, world: &World, inputs: &Inputs) -> u32 {
    let ours = world.mtu(&settings.interface);
    inputs
        .link
        .mtu
        .map_or(ours, |advertised| advertised.min(ours))
}

/// Every locator on every uplink: a packet for it is ours whichever of them it comes in through,
/// because the site's routers choose that.
fn entrances(
    locators: &[Locator],
    settings: &Settings,
    world: &World,
) -> BTreeMap<LocatorKey, abi::Locator> {
    let entrance = |link: &links::Link, slot, locator: &Locator| {
        let key = LocatorKey {
            ifindex: link.index,
            ipv4: locator.ipv4.octets(),
        };
        let mtu = u16::try_from(link.mtu).unwrap_or(u16::MAX);
        (key, abi::Locator { slot, mtu })
    };
    let uplinks = world.present(&settings.interface.uplinks);
    let all = uplinks.flat_map(|uplink| {
        let of = move |(slot, locator)| entrance(uplink, slot, locator);
        (0..).zip(locators).map(of)
    });
    all.take(abi::LOCATORS_LEN as usize).collect()
}

fn switches(settings: &Settings, decap_l3: bool, redirectable: &BTreeSet<u32>) -> Switches {
    let choices = [
        (settings.interface.copy_dscp, Switches::COPY_DSCP),
        (settings.datapath.drop_nested, Switches::DROP_NESTED),
        (!settings.datapath.hairpin, Switches::NO_HAIRPIN),
        (decap_l3, Switches::DECAP_L3),
        (
            settings.interface.path_mtu == PathMtu::Dynamic,
            Switches::DYNAMIC_MTU,
        ),
        (!redirectable.is_empty(), Switches::FORWARDS),
        (settings.datapath.neighbor_check, Switches::NEIGHBOR_CHECK),
        (!settings.datapath.six_rd.is_empty(), Switches::SIX_RD),
    ];
    let chosen = choices.into_iter().filter(|(on, _)| *on);
    chosen.fold(Switches::default(), |all, (_, switch)| all.with(switch))
}

fn prl_entry(source: PrlSource) -> PrlEntry {
    PrlEntry {
        deadline: u64::MAX,
        source: source as u32,
        preference: 0,
    }
}

fn prefixes(link: &Link) -> BTreeMap<Ipv6Net, u64> {
    let link_local = Ipv6Net::new(addr::link_local(addr::Form::Local, [0; 4]).into(), 64);
    let always = link_local.map(|net| (net.trunc(), u64::MAX)).into_iter();
    let advertised = link
        .prefixes
        .iter()
        .map(|(net, until)| (*net, nanoseconds(*until)));
    always.chain(advertised).collect()
}

/// Routes whose gateway is an ISATAP address, ours and the administrator's; of several for one
/// destination the kernel would take the one with the lowest metric.
fn routes(kernel: &[Ipv6Route]) -> BTreeMap<Ipv6Net, Ipv4Addr> {
    let mut routes: Vec<&Ipv6Route> = kernel.iter().collect();
    routes.sort_by_key(|route| std::cmp::Reverse(route.metric));
    let via = |gateway: Ipv6Addr| addr::embedded(&gateway.octets()).map(Ipv4Addr::from);
    routes
        .into_iter()
        .filter_map(|route| Some((route.destination, via(route.gateway?)?)))
        .collect()
}

/// Prefixes of other tunnels that embed an address of ours: nobody of this link is there.
fn elsewhere(settings: &Settings, world: &World) -> BTreeMap<Ipv6Net, Ipv4Addr> {
    let six_rd = settings.datapath.six_rd.iter();
    let own = six_rd.flat_map(|six_rd| {
        let prefixes = world.connected().into_iter();
        prefixes.filter_map(|on_link| six_rd_prefix(six_rd, on_link.addr()))
    });
    own.map(|prefix| (prefix, Ipv4Addr::from(Route::OURS_ELSEWHERE)))
        .collect()
}

fn nanoseconds(until: Option<Boottime>) -> u64 {
    until.map_or(u64::MAX, |until| {
        u64::try_from(until.as_nanos()).unwrap_or(u64::MAX)
    })
}

/// The addresses of the device with their prefix lengths.
pub fn addresses(link: &Link, locators: &[Locator]) -> BTreeMap<Ipv6Addr, link::Lifetimes> {
    let mut addresses = link.addresses.clone();
    for locator in locators {
        let [canonical, other] = link::link_local(locator.ipv4);
        addresses.insert(canonical, link::Lifetimes::default());
        // Never a source of its own accord.
        let deprecated = link::Lifetimes {
            preferred: Some(Boottime::ZERO),
            valid: None,
        };
        addresses.insert(other, deprecated);
    }
    addresses
}

#[cfg(test)]
mod tests;
