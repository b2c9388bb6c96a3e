//! Carrying out the steps.

use nix::errno::Errno;

use super::action::Action;
use super::state::RouteSpec;
use crate::kernel::routes::{Beside, Ipv6Route, RT_TABLE_MAIN, RTPROT_ISATAP};
use crate::kernel::{Error, Netlink, sysctl, tun};

/// Takes one step. It is fine if what it asks for is so already.
pub async fn apply(netlink: &Netlink, action: &Action) -> Result<(), Error> {
    match action {
        Action::CreateDevice { device } => tun::open(device).map(drop),
        Action::DeleteDevice { device } => tun::delete(netlink, device).await,
        Action::SetSysctl { key, value, .. } => sysctl::write(key, value).map(drop),
        Action::SetAddressGeneration { device, on } => {
            let index = index(netlink, device).await?;
            netlink.set_generates_addresses(index, *on).await
        }
        Action::SetMtu { device, mtu, .. } => {
            netlink.set_mtu(index(netlink, device).await?, *mtu).await
        }
        Action::SetUp { device, up } => netlink.set_up(index(netlink, device).await?, *up).await,
        Action::RemoveRoute { device, route } => {
            let index = index(netlink, device).await?;
            let removed = netlink.remove_route(index, &ours(route)).await;
            unless(Errno::ESRCH, removed)
        }
        Action::AddRoute { device, route } => {
            let index = index(netlink, device).await?;
            let added = netlink.add_route(index, &ours(route), Beside::Joined).await;
            unless(Errno::EEXIST, added)
        }
        Action::RemoveAddress {
            device,
            address,
            prefix_len,
            ..
        } => {
            let index = index(netlink, device).await?;
            let removed = netlink.remove_ipv6_address(index, *address, *prefix_len);
            unless(Errno::EADDRNOTAVAIL, removed.await)
        }
        Action::AddAddress {
            device,
            address,
            prefix_len,
            lifetimes,
        }
        | Action::RefreshAddress {
            device,
            address,
            prefix_len,
            lifetimes,
            ..
        } => {
            let index = index(netlink, device).await?;
            let put = netlink.put_ipv6_address(index, *address, *prefix_len, *lifetimes);
            put.await
        }
    }
}

/// Undoes steps that were taken, the last first, as far as that goes; returns what went wrong.
pub async fn undo(netlink: &Netlink, taken: &[Action]) -> Vec<Error> {
    let mut errors = Vec::new();
    for action in taken.iter().rev().filter_map(Action::inverse) {
        errors.extend(apply(netlink, &action).await.err());
    }
    errors
}

async fn index(netlink: &Netlink, device: &str) -> Result<u32, Error> {
    let link = netlink.link(device).await?;
    let link = link.ok_or_else(|| Error::NoDevice(device.to_owned()))?;
    Ok(link.index)
}

/// The route as the kernel should have it.
fn ours(route: &RouteSpec) -> Ipv6Route {
    Ipv6Route {
        destination: route.destination,
        gateway: route.gateway,
        metric: route.metric,
        protocol: RTPROT_ISATAP,
        preference: route.preference,
        table: RT_TABLE_MAIN,
    }
}

/// Forgives the error that says that there was nothing to do.
fn unless(harmless: Errno, result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(error) if error.errno() == Some(harmless) => Ok(()),
        result => result,
    }
}
