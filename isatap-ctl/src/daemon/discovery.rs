//! Neighbor Discovery of either role, as the event loop drives it.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, Ipv6Addr},
};

use super::link::Link;
use crate::{
    clock::Boottime,
    config::{RoleSettings, RouterSettings},
    kernel::sockets::Received,
    nd::{
        host::{HostState, Solicitor},
        router::Advertiser,
    },
};

/// ICMPv6 type of a Router Solicitation.
const ROUTER_SOLICITATION: u8 = 133;
/// ICMPv6 type of a Router Advertisement.
const ROUTER_ADVERTISEMENT: u8 = 134;

/// The state machine of the role.
pub enum Discovery {
    /// Answers solicitations.
    Router {
        /// The configuration.
        settings: RouterSettings,
        /// The machine.
        advertiser: Advertiser,
    },
    /// Solicits.
    Host(Solicitor),
}

/// A message to send.
pub struct Outgoing {
    /// One of our addresses.
    pub source: Ipv6Addr,
    /// A unicast address of the link.
    pub destination: Ipv6Addr,
    /// The ICMPv6 message.
    pub bytes: Vec<u8>,
}
