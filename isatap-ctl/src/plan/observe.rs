use std::collections::BTreeMap;

use super::{AddressSpec, Desired, DeviceState, Observed, RouteSpec, keys};
use crate::{
    clock,
    kernel::{
        Error, Netlink,
        addresses::IFAPROT_ISATAP,
        routes::{RT_TABLE_MAIN, RTPROT_ISATAP},
        sysctl,
    },
};

/// What the kernel has of `desired`, and what else of ours.
pub async fn observe(netlink: &Netlink, desired: &Desired) -> Result<Observed, Error> {
    let Some(link) = netlink.link(&desired.name).await? else {
        return Ok(Observed::default());
    };
    let now = clock::now();
    let ours = netlink.ipv6_addresses(link.index).await?.into_iter();
    let addresses = ours
        .filter(|address| address.protocol == IFAPROT_ISATAP)
        .map(|address| {
            let until = |left: Option<_>| left.map(|left| now + left);
            let spec = AddressSpec {
                prefix_len: address.prefix_len,
                preferred: until(address.lifetimes.preferred),
                valid: until(address.lifetimes.valid),
            };
            (address.address, spec)
        });
    let addresses: BTreeMap<_, _> = addresses.collect();
    let routes = netlink.routes(link.index).await?.into_iter();
    let routes = routes
        .filter(|route| route.protocol == RTPROT_ISATAP && route.table == RT_TABLE_MAIN)
        .map(|route| {
            let spec = RouteSpec {
                gateway: route.gateway,
                preference: route.preference,
            };
            (route.destination, spec)
        });
    let device = DeviceState {
        mtu: link.mtu,
        up: link.up,
        generates_addresses: link.generates_addresses,
    };
    let settings = keys(desired).into_iter();
    // A key that cannot be read is written, and the error is the writer's to tell.
    let settings = settings.filter_map(|key| Some((key.clone(), sysctl::read(key).ok()?)));
    Ok(Observed {
        device: Some(device),
        addresses,
        routes: routes.collect(),
        settings: settings.collect(),
    })
}
