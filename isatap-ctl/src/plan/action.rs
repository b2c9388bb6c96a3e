//! One step from what there is towards what there should be.

use std::fmt;
use std::net::Ipv6Addr;

use serde::Serialize;

use super::state::RouteSpec;
use crate::kernel::addresses::Lifetimes;

/// A change to the kernel's state. It carries what was there before, so that it can be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum Action {
    /// Create the persistent TUN device.
    CreateDevice { device: String },
    /// Delete it.
    DeleteDevice { device: String },
    /// Say whether the kernel makes addresses for the device by itself.
    SetAddressGeneration { device: String, on: bool },
    /// Set a sysctl; one of a device that is to be created has no value before.
    SetSysctl {
        key: String,
        value: String,
        before: Option<String>,
    },
    /// Set the largest packet.
    SetMtu {
        device: String,
        mtu: u32,
        before: Option<u32>,
    },
    /// Set the device up or down.
    SetUp { device: String, up: bool },
    /// Remove one of our routes.
    RemoveRoute { device: String, route: RouteSpec },
    /// Remove one of our addresses.
    RemoveAddress {
        device: String,
        address: Ipv6Addr,
        prefix_len: u8,
        lifetimes: Lifetimes,
    },
    /// Add an address.
    AddAddress {
        device: String,
        address: Ipv6Addr,
        prefix_len: u8,
        lifetimes: Lifetimes,
    },
    /// Give one of our addresses other lifetimes.
    RefreshAddress {
        device: String,
        address: Ipv6Addr,
        prefix_len: u8,
        lifetimes: Lifetimes,
        before: Lifetimes,
    },
    /// Add a route.
    AddRoute { device: String, route: RouteSpec },
}

impl Action {
    /// Whether both are of a kind that the kernel is asked for many at a time. What follows may need
    /// what came before, such as an address its device: other kinds wait for each other.
    pub fn goes_with(&self, other: &Self) -> bool {
        use Action as A;
        matches!(
            (self, other),
            (A::RemoveRoute { .. }, A::RemoveRoute { .. })
                | (A::AddRoute { .. }, A::AddRoute { .. })
                | (A::RemoveAddress { .. }, A::RemoveAddress { .. })
                | (
                    A::AddAddress { .. } | A::RefreshAddress { .. },
                    A::AddAddress { .. } | A::RefreshAddress { .. }
                )
        )
    }

    /// Whether it adds or removes one.
    pub const fn is_about_a_route(&self) -> bool {
        matches!(self, Self::AddRoute { .. } | Self::RemoveRoute { .. })
    }

    /// What undoes this; `None` if there is nothing to restore.
    pub fn inverse(&self) -> Option<Self> {
        use Action as A;
        Some(match self.clone() {
            A::CreateDevice { device } => A::DeleteDevice { device },
            A::DeleteDevice { device } => A::CreateDevice { device },
            A::SetAddressGeneration { device, on } => A::SetAddressGeneration { device, on: !on },
            A::SetSysctl { key, value, before } => A::SetSysctl {
                key,
                value: before?,
                before: Some(value),
            },
            A::SetMtu {
                device,
                mtu,
                before,
            } => A::SetMtu {
                device,
                mtu: before?,
                before: Some(mtu),
            },
            A::SetUp { device, up } => A::SetUp { device, up: !up },
            A::RemoveRoute { device, route } => A::AddRoute { device, route },
            A::AddRoute { device, route } => A::RemoveRoute { device, route },
            A::RemoveAddress {
                device,
                address,
                prefix_len,
                lifetimes,
            } => A::AddAddress {
                device,
                address,
                prefix_len,
                lifetimes,
            },
            A::AddAddress {
                device,
                address,
                prefix_len,
                lifetimes,
            } => A::RemoveAddress {
                device,
                address,
                prefix_len,
                lifetimes,
            },
            A::RefreshAddress {
                device,
                address,
                prefix_len,
                lifetimes,
                before,
            } => A::RefreshAddress {
                device,
                address,
                prefix_len,
                lifetimes: before,
                before: lifetimes,
            },
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateDevice { device } => write!(f, "create TUN device {device}"),
            Self::DeleteDevice { device } => write!(f, "delete TUN device {device}"),
            Self::SetAddressGeneration { device, on } => {
                let verb = if *on { "start" } else { "stop" };
                write!(f, "{verb} generating addresses for {device}")
            }
            Self::SetSysctl { key, value, before } => {
                write!(f, "set {key} to {value}")?;
                before.iter().try_for_each(|b| write!(f, ", was {b}"))
            }
            Self::SetMtu {
                device,
                mtu,
                before,
            } => {
                write!(f, "set the MTU of {device} to {mtu}")?;
                before.iter().try_for_each(|b| write!(f, ", was {b}"))
            }
            Self::SetUp { device, up } => {
                write!(f, "set {device} {}", if *up { "up" } else { "down" })
            }
            Self::RemoveRoute { device, route } => {
                write!(f, "remove route {route} dev {device}")
            }
            Self::AddRoute { device, route } => write!(f, "add route {route} dev {device}"),
            Self::RemoveAddress {
                device,
                address,
                prefix_len,
                ..
            } => write!(f, "remove address {address}/{prefix_len} from {device}"),
            Self::AddAddress {
                device,
                address,
                prefix_len,
                lifetimes,
            } => write!(
                f,
                "add address {address}/{prefix_len} to {device}, {lifetimes}"
            ),
            Self::RefreshAddress {
                device,
                address,
                prefix_len,
                lifetimes,
                ..
            } => write!(
                f,
                "refresh address {address}/{prefix_len} on {device}, {lifetimes}"
            ),
        }
    }
}

/// As `ip route` shows it.
impl fmt::Display for RouteSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.destination)?;
        if let Some(gateway) = self.gateway {
            write!(f, " via {gateway}")?;
        }
        write!(f, " metric {} pref {}", self.metric, self.preference)
    }
}
