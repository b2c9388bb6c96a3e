//! Reading what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;

use super::state::{AddressSpec, Desired, DeviceState, Observed, RouteSpec};
use crate::clock::{self, Boottime};
use crate::kernel::addresses::{IFAPROT_ISATAP, Ipv6OnLink, Lifetimes};
use crate::kernel::routes::{Ipv6Route, RT_TABLE_MAIN, RTPROT_ISATAP};
use crate::kernel::{Error, Netlink, sysctl, tun};

/// What there is of what `desired` is about.
///
/// An interface of that name that is not a TUN device is an error: it is not ours to change.
pub async fn observe(netlink: &Netlink, desired: &Desired) -> Result<Observed, Error> {
    let name = &desired.device.name;
    let mut observed = Observed {
        at: clock::now(),
        sysctls: sysctls(desired),
        ..Observed::default()
    };
    let Some(link) = netlink.link(name).await? else {
        return Ok(observed);
    };
    if !link.is_tun() {
        return Err(Error::WrongDevice {
            name: name.clone(),
            found: tun::describe(link.kind.as_deref()),
        });
    }
    observed.device = Some(DeviceState {
        mtu: link.mtu,
        up: link.up,
        generates_addresses: link.generates_addresses,
    });
    let addresses = netlink.ipv6_addresses(link.index).await?;
    let (ours, others) = addresses
        .into_iter()
        .partition::<Vec<_>, _>(|address| address.protocol == IFAPROT_ISATAP);
    observed.addresses = specs(&ours, observed.at);
    observed.other_addresses = others.iter().map(|other| other.address).collect();
    let routes = netlink.routes(link.index).await?;
    observed.routes = paths(&routes, |protocol| protocol == RTPROT_ISATAP);
    observed.other_routes = paths(&routes, |protocol| protocol != RTPROT_ISATAP);
    observed.all_routes = routes;
    Ok(observed)
}

/// The desired settings that can be read; those of a device that is yet to come cannot.
fn sysctls(desired: &Desired) -> BTreeMap<String, String> {
    let keys = desired.sysctls.iter().map(|(key, _)| key);
    keys.filter_map(|key| Some((key.clone(), sysctl::read(key).ok()?)))
        .collect()
}

fn specs(addresses: &[Ipv6OnLink], at: Boottime) -> BTreeMap<Ipv6Addr, AddressSpec> {
    let spec = |address: &Ipv6OnLink| {
        let Lifetimes { preferred, valid } = address.lifetimes;
        AddressSpec {
            prefix_len: address.prefix_len,
            preferred: preferred.map(|left| at.saturating_add(left)),
            valid: valid.map(|left| at.saturating_add(left)),
        }
    };
    addresses.iter().map(|a| (a.address, spec(a))).collect()
}

/// The routes of the main table whose protocol is `ours`.
fn paths(routes: &[Ipv6Route], ours: impl Fn(u8) -> bool) -> BTreeSet<RouteSpec> {
    let main = routes.iter().filter(|r| r.table == RT_TABLE_MAIN);
    main.filter(|route| ours(route.protocol))
        .map(|route| RouteSpec {
            destination: route.destination,
            gateway: route.gateway,
            metric: route.metric,
            preference: route.preference,
        })
        .collect()
}
