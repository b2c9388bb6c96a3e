use std::time::Duration;

use ipnet::Ipv6Net;

use super::{Action, AddressSpec, RouteSpec};
use crate::{
    clock::{self, Boottime},
    kernel::{
        Error, Netlink,
        addresses::Lifetimes,
        routes::{Beside, Ipv6Route, RT_TABLE_MAIN, RTPROT_ISATAP},
        sysctl, tun,
    },
};

/// Metric of our routes, which is that of routes from Router Advertisements.
const METRIC: u32 = 1024;

/// Takes one step.
pub async fn apply(netlink: &Netlink, action: &Action) -> Result<(), Error> {
    match action {
        Action::CreateDevice { name } => tun::open(name).map(drop),
        Action::KeepAddressesManual { name } => {
            netlink
                .set_generates_addresses(index(netlink, name).await?, false)
                .await
        }
        Action::Set { key, value } => sysctl::write(key, value).map(drop),
        Action::SetMtu { name, mtu } => netlink.set_mtu(index(netlink, name).await?, *mtu).await,
        Action::SetUp { name } => netlink.set_up(index(netlink, name).await?, true).await,
        Action::RemoveRoute {
            name,
            destination,
            route,
        } => {
            let index = index(netlink, name).await?;
            netlink.remove_route(index, &of(*destination, route)).await
        }
        Action::RemoveAddress {
            name,
            address,
            prefix_len,
        } => {
            let index = index(netlink, name).await?;
            netlink
                .remove_ipv6_address(index, *address, *prefix_len)
                .await
        }
        Action::PutAddress {
            name,
            address,
            spec,
        } => {
            let index = index(netlink, name).await?;
            netlink
                .put_ipv6_address(index, *address, spec.prefix_len, lifetimes(spec))
                .await
        }
        Action::PutRoute {
            name,
            destination,
            route,
        } => {
            let index = index(netlink, name).await?;
            netlink
                .add_route(index, &of(*destination, route), Beside::Replaced)
                .await
        }
    }
}

async fn index(netlink: &Netlink, name: &str) -> Result<u32, Error> {
    let link = netlink.link(name).await?;
    link.map(|link| link.index)
        .ok_or_else(|| Error::NoDevice(name.to_owned()))
}

fn of(destination: Ipv6Net, route: &RouteSpec) -> Ipv6Route {
    Ipv6Route {
        destination,
        gateway: route.gateway,
        metric: METRIC,
        protocol: RTPROT_ISATAP,
        preference: route.preference,
        table: RT_TABLE_MAIN,
    }
}

fn lifetimes(spec: &AddressSpec) -> Lifetimes {
    let left = |until: Option<Boottime>| -> Option<Duration> {
        until.map(|until| until.saturating_sub(clock::now()))
    };
    Lifetimes {
        preferred: left(spec.preferred),
        valid: left(spec.valid),
    }
}
