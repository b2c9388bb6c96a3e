//! The decision on values, then the whole circle in a network namespace.

mod circle;
mod decision;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::time::Duration;

use super::{AddressSpec, Desired, DeviceSpec, DeviceState, Observed, RouteSpec, Speaker};
use crate::clock::Boottime;
use crate::kernel::routes::Preference;

const DAY: Duration = Duration::from_hours(24);
thread_local! {
    /// How often a path was asked for: what comparing costs, whatever the clock says.
    pub(super) static PATHS_ASKED_FOR: Cell<usize> = const { Cell::new(0) };
}

const FORWARDING: &str = "net/ipv6/conf/isatap0/forwarding";

fn route(destination: &str, gateway: Option<&str>) -> RouteSpec {
    RouteSpec {
        destination: destination.parse().unwrap(),
        gateway: gateway.map(|text| text.parse().unwrap()),
        metric: 512,
        preference: Preference::Medium,
    }
}

fn ip(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

/// A host with a link-local and a global address and a default route.
fn desired(now: Boottime) -> Desired {
    let global = AddressSpec {
        prefix_len: 64,
        preferred: Some(now + 7 * DAY),
        valid: Some(now + 30 * DAY),
    };
    Desired {
        device: DeviceSpec {
            name: "isatap0".into(),
            mtu: 1480,
        },
        addresses: BTreeMap::from([
            (ip("fe80::5efe:a00:1"), AddressSpec::lasting(64)),
            (ip("2001:db8::5efe:a00:1"), global),
        ]),
        routes: BTreeSet::from([
            route("fe80::/64", None),
            route("::/0", Some("fe80::5efe:a00:2")),
        ]),
        speaker: Speaker::Programs,
        sysctls: vec![(FORWARDING.into(), "1".into())],
    }
}

/// What `desired` looks like once it is there.
fn fulfilled(desired: &Desired, at: Boottime) -> Observed {
    Observed {
        at,
        device: Some(DeviceState {
            mtu: desired.device.mtu,
            up: true,
            generates_addresses: false,
        }),
        addresses: desired.addresses.clone(),
        routes: desired.routes.clone(),
        sysctls: desired.sysctls.iter().cloned().collect(),
        ..Observed::default()
    }
}
