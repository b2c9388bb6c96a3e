use std::{fmt, net::Ipv6Addr, time::Duration};

use ipnet::Ipv6Net;

use super::{AddressSpec, RouteSpec};
use crate::clock::{self, Boottime};

/// One step towards what is desired.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are those of the structures that they come from"
)]
pub enum Action {
    /// Makes the TUN device.
    CreateDevice { name: String },
    /// Keeps the kernel from making addresses of its own.
    KeepAddressesManual { name: String },
    /// Writes a value below `/proc/sys`.
    Set { key: String, value: String },
    /// Sets the device's MTU.
    SetMtu { name: String, mtu: u32 },
    /// Sets the device up.
    SetUp { name: String },
    /// Removes a route of ours.
    RemoveRoute {
        name: String,
        destination: Ipv6Net,
        route: RouteSpec,
    },
    /// Removes an address of ours.
    RemoveAddress {
        name: String,
        address: Ipv6Addr,
        prefix_len: u8,
    },
    /// Adds an address, or gives it other lifetimes.
    PutAddress {
        name: String,
        address: Ipv6Addr,
        spec: AddressSpec,
    },
    /// Adds a route, or puts it in the place of the present one.
    PutRoute {
        name: String,
        destination: Ipv6Net,
        route: RouteSpec,
    },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateDevice { name } => write!(f, "create TUN device {name}"),
            Self::KeepAddressesManual { name } => {
                write!(f, "make no addresses on {name} by itself")
            }
            Self::Set { key, value } => write!(f, "set {key} to {value}"),
            Self::SetMtu { name, mtu } => write!(f, "set MTU of {name} to {mtu}"),
            Self::SetUp { name } => write!(f, "set {name} up"),
            Self::RemoveRoute {
                name, destination, ..
            } => {
                write!(f, "remove route to {destination} from {name}")
            }
            Self::RemoveAddress {
                name,
                address,
                prefix_len,
            } => {
                write!(f, "remove address {address}/{prefix_len} from {name}")
            }
            Self::PutAddress {
                name,
                address,
                spec,
            } => write!(
                f,
                "add address {address}/{} to {name}, preferred {}, valid {}",
                spec.prefix_len,
                Left(spec.preferred),
                Left(spec.valid)
            ),
            Self::PutRoute {
                name,
                destination,
                route: RouteSpec {
                    gateway: Some(via), ..
                },
            } => {
                write!(f, "add route to {destination} via {via} on {name}")
            }
            Self::PutRoute {
                name, destination, ..
            } => {
                write!(f, "add route to {destination} on {name}")
            }
        }
    }
}

/// What is left until a deadline.
struct Left(Option<Boottime>);

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.map(|until| until.saturating_sub(clock::now())) {
            None => f.write_str("for ever"),
            Some(Duration::ZERO) => f.write_str("no longer"),
            Some(left) => write!(f, "for {} s", left.as_secs_f64().round()),
        }
    }
}
