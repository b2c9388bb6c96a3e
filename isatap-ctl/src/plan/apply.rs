//! Carrying out the steps.

use nix::errno::Errno;
use tracing::{debug, info, warn};

use super::action::Action;
use super::state::RouteSpec;
use crate::kernel::routes::{Beside, Ipv6Route, RT_TABLE_MAIN, RTPROT_ISATAP};
use crate::kernel::{Change, Error, Netlink, sysctl, tun};

/// Of more steps of one kind only the first is logged for everybody, with their number.
const SHOWN: usize = 16;

/// Takes steps in their order, adding to `taken` those that were. Those of one kind go to the kernel
/// together; when one of them fails, the others are taken, and what follows them is not.
pub async fn apply_all(
    netlink: &Netlink,
    actions: &[Action],
    taken: &mut Vec<Action>,
) -> Result<(), Error> {
    for run in actions.chunk_by(Action::goes_with) {
        log(run);
        let mut errors = Vec::new();
        for (action, outcome) in run.iter().zip(take(netlink, run).await) {
            match outcome {
                Ok(()) => taken.push(action.clone()),
                Err(error) => errors.push(error),
            }
        }
        let mut errors = errors.into_iter();
        if let Some(first) = errors.next() {
            for error in errors {
                warn!("{error}");
            }
            return Err(first);
        }
    }
    Ok(())
}

/// Takes one step. It is fine if what it asks for is so already.
pub async fn apply(netlink: &Netlink, action: &Action) -> Result<(), Error> {
    let outcomes = take(netlink, std::slice::from_ref(action)).await;
    outcomes.into_iter().collect()
}

/// Undoes steps that were taken, the last first, as far as that goes; returns what went wrong.
pub async fn undo(netlink: &Netlink, taken: &[Action]) -> Vec<Error> {
    let inverses: Vec<_> = taken.iter().rev().filter_map(Action::inverse).collect();
    let mut errors = Vec::new();
    for run in inverses.chunk_by(Action::goes_with) {
        let outcomes = take(netlink, run).await;
        errors.extend(outcomes.into_iter().filter_map(Result::err));
    }
    errors
}

fn log(run: &[Action]) {
    match run {
        [first, others @ ..] if run.len() > SHOWN => {
            info!("{first}, and {} more like this", others.len());
            for action in others {
                debug!("{action}");
            }
        }
        _ => {
            for action in run {
                info!("{action}");
            }
        }
    }
}

/// Takes steps that go with each other; one outcome for each that was tried.
async fn take(netlink: &Netlink, run: &[Action]) -> Vec<Result<(), Error>> {
    use Action as A;
    match run {
        [
            A::RemoveRoute { device, .. }
            | A::AddRoute { device, .. }
            | A::RemoveAddress { device, .. }
            | A::AddAddress { device, .. }
            | A::RefreshAddress { device, .. },
            ..,
        ] => match index(netlink, device).await {
            Ok(index) => {
                let changes = run.iter().filter_map(|action| change(index, action));
                netlink.change_all(changes.collect()).await
            }
            Err(error) => vec![Err(error)],
        },
        [single] => vec![take_alone(netlink, single).await],
        _ => Vec::new(),
    }
}

/// What a step on addresses or routes asks of the kernel, which may be so already.
fn change(index: u32, action: &Action) -> Option<Change> {
    use Action as A;
    Some(match action {
        A::RemoveRoute { route, .. } => {
            Change::remove_route(index, &ours(route)).unless(Errno::ESRCH)
        }
        A::AddRoute { route, .. } => {
            Change::add_route(index, &ours(route), Beside::Joined).unless(Errno::EEXIST)
        }
        A::RemoveAddress {
            address,
            prefix_len,
            ..
        } => Change::remove_ipv6_address(index, *address, *prefix_len).unless(Errno::EADDRNOTAVAIL),
        A::AddAddress {
            address,
            prefix_len,
            lifetimes,
            ..
        }
        | A::RefreshAddress {
            address,
            prefix_len,
            lifetimes,
            ..
        } => Change::put_ipv6_address(index, *address, *prefix_len, *lifetimes),
        _ => return None,
    })
}

async fn take_alone(netlink: &Netlink, action: &Action) -> Result<(), Error> {
    use Action as A;
    match action {
        A::CreateDevice { device } => tun::open(device).map(drop),
        A::DeleteDevice { device } => tun::delete(netlink, device).await,
        A::SetSysctl { key, value, .. } => sysctl::write(key, value).map(drop),
        A::SetAddressGeneration { device, on } => {
            let index = index(netlink, device).await?;
            netlink.set_generates_addresses(index, *on).await
        }
        A::SetMtu { device, mtu, .. } => netlink.set_mtu(index(netlink, device).await?, *mtu).await,
        A::SetUp { device, up } => netlink.set_up(index(netlink, device).await?, *up).await,
        A::RemoveRoute { .. }
        | A::AddRoute { .. }
        | A::RemoveAddress { .. }
        | A::AddAddress { .. }
        | A::RefreshAddress { .. } => Ok(()),
    }
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
