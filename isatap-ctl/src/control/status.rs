mod peer;

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use ipnet::Ipv6Net;
use serde::{Deserialize, Serialize};

pub use self::peer::{DifferenceStatus, PeerState, PeerStatus};
use super::Suspicion;
use crate::config::{Preference, RoleSettings};

/// Version of every JSON document; a change of meaning is a new one, a new field is not.
pub const SCHEMA: u32 = 1;

/// What `status` shows. Seconds that are absent are for ever when they say what is left, and never
/// when they say how long ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusDocument {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Name of the ISATAP device.
    pub interface: String,
    /// Router or host.
    pub role: Role,
    /// Who answers Router Solicitations; absent for a host, and while no daemon says it.
    pub advertised_by: Option<AdvertisedBy>,
    /// The process.
    pub daemon: DaemonStatus,
    /// The device, if it is there.
    pub device: Option<DeviceStatus>,
    /// Our IPv4 addresses on the link.
    pub locators: Vec<LocatorStatus>,
    /// NICs of the IPv4 side.
    pub uplinks: Vec<LinkStatus>,
    /// NICs of the native IPv6 side.
    pub links: Vec<LinkStatus>,
    /// On-link prefixes.
    pub prefixes: Vec<PrefixStatus>,
    /// Prefixes behind hosts of a router's link.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mappings: Vec<MappingStatus>,
    /// IPv6 addresses of the device.
    pub addresses: Vec<Ipv6Addr>,
    /// The Potential Router List.
    pub prl: Vec<PrlStatus>,
    /// The look-up of the routers' name; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolver: Option<ResolverStatus>,
    /// What this router advertises; absent for a host, while no daemon says it, and where another
    /// program advertises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advertising: Option<AdvertisingStatus>,
    /// Other routers of the site that this one watches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<PeerStatus>,
    /// Default routers in use, best first.
    pub routers: Vec<RouterStatus>,
    /// Resolvers that routers advertise, or that we do.
    pub dns: DnsStatus,
    /// Totals by direction and layer.
    pub counters: Vec<LayerTotals>,
    /// What may be wrong on the way to other nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspicions: Vec<Suspicion>,
}

/// What this node is on the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Forwards, and advertises unless another program does.
    Router,
    /// Solicits and configures itself.
    Host,
}

impl Role {
    /// That of a configuration.
    pub const fn of(role: &RoleSettings) -> Self {
        match role {
            RoleSettings::Router(_) => Self::Router,
            RoleSettings::Host(_) => Self::Host,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Router => "router",
            Self::Host => "host",
        })
    }
}

/// Who sends Router Advertisements on a router's ISATAP device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdvertisedBy {
    /// The daemon itself.
    Daemon,
    /// Another program, such as radvd.
    Other,
}

impl AdvertisedBy {
    /// What the configuration of a role wants; a host advertises nothing.
    pub fn wanted(role: &RoleSettings) -> Option<Self> {
        match role {
            RoleSettings::Router(router) if router.advertise => Some(Self::Daemon),
            RoleSettings::Router(_) => Some(Self::Other),
            RoleSettings::Host(_) => None,
        }
    }
}

/// The process that looks after the link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// Whether it answered.
    pub alive: bool,
    /// Its process.
    pub pid: Option<u32>,
    /// Its version.
    pub version: Option<String>,
    /// Its configuration file; absent while no daemon says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// How late its event loop was since it started; absent while no daemon says it.
    pub loop_lag: Option<LoopLag>,
}

/// How late the event loop came to what was due. A figure is up to an eighth too high, and contains
/// the millisecond to which the timer rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoopLag {
    /// How often it was measured.
    pub ticks: u64,
    /// Half of the time it was not later than this.
    pub p50_microseconds: u32,
    /// Nor was it later than this 99 times of 100.
    pub p99_microseconds: u32,
    /// The latest.
    pub max_microseconds: u32,
}

/// The ISATAP device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceStatus {
    /// Its name.
    pub name: String,
    /// Largest inner packet in bytes.
    pub mtu: u32,
    /// Whether it is administratively up.
    pub up: bool,
}

/// One of our IPv4 addresses together with its interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocatorStatus {
    /// The address.
    pub ipv4: Ipv4Addr,
    /// The NIC.
    pub interface: String,
    /// The link-local address that follows from it.
    pub link_local: Ipv6Addr,
}

/// A NIC with the program on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkStatus {
    /// The NIC.
    pub name: String,
    /// How the program is attached.
    pub xdp: XdpState,
    /// What traffic control does there, if more than handing packets to the stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tc: Option<TcState>,
    /// Why so.
    pub reason: String,
}

/// How the program on a NIC is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum XdpState {
    /// In the driver.
    Native,
    /// In the stack.
    Generic,
    /// Not at all.
    Off,
}

/// What traffic control does on a NIC beside handing packets to the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TcState {
    /// Forwards from NIC to NIC.
    Forward,
}

/// An on-link prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefixStatus {
    /// The prefix.
    pub prefix: Ipv6Net,
    /// Seconds for which it stays valid; of our own as advertised.
    pub valid_seconds: Option<u64>,
    /// Seconds for which it stays preferred; absent also where only the kernel programs know it.
    pub preferred_seconds: Option<u64>,
    /// The router that advertised it; absent for our own.
    pub router: Option<Ipv4Addr>,
}

/// A prefix behind a host of the link, as the kernel programs know it: configured, or by a route
/// that somebody has added to the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingStatus {
    /// The prefix.
    pub prefix: Ipv6Net,
    /// The host.
    pub via: Ipv4Addr,
}

/// One entry of the Potential Router List.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrlStatus {
    /// The router.
    pub ipv4: Ipv4Addr,
    /// Where the entry comes from: `static`, `dns`, `command`.
    pub sources: Vec<String>,
    /// Seconds until the entry ends.
    pub ttl_seconds: Option<u64>,
    /// Default router preference of its last Router Advertisement.
    pub preference: Preference,
    /// Seconds since its last Router Advertisement.
    pub last_ra_seconds: Option<u64>,
    /// Seconds for which it is still a default router; absent if it is none.
    pub lifetime_left: Option<u64>,
    /// Neighbour state: `unknown`, `reachable`, `stale`, `delay`, `probe`, `unreachable`.
    pub reachability: String,
}

/// The look-up of the routers' name. A time that is absent never was, or is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolverStatus {
    /// The name, without its final dot.
    pub domain: String,
    /// Seconds since the last answer, be it that there is no such name.
    pub last_answer_seconds: Option<u64>,
    /// What the last look-up failed of, if it did.
    pub last_error: Option<String>,
    /// Seconds since then.
    pub last_error_seconds: Option<u64>,
    /// Seconds until the next look-up; absent while one is under way.
    pub next_lookup_seconds: Option<u64>,
    /// Addresses of the last answer that are not taken.
    pub refused: Vec<Ipv4Addr>,
}

/// A default router in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterStatus {
    /// Its link-local address.
    pub address: Ipv6Addr,
    /// The IPv4 address behind it.
    pub ipv4: Ipv4Addr,
    /// Its preference.
    pub preference: Preference,
    /// Seconds for which it is still a default router.
    pub lifetime_left: Option<u64>,
}

/// What a router advertises and to whom, since the daemon started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvertisingStatus {
    /// Whether the kernel forwards; if not, advertisements say that this is no default router.
    pub forwarding: bool,
    /// Prefixes, routes, name servers and search domains that are being withdrawn.
    pub withdrawing: u64,
    /// Valid solicitations.
    pub solicited: u64,
    /// Of these, those of hosts that waited already.
    pub merged: u64,
    /// Solicitations that were refused, those of `full` included.
    pub refused: u64,
    /// Solicitations refused because too many hosts waited.
    pub full: u64,
    /// Messages that came faster than the daemon reads them.
    pub lost: u64,
    /// Answers and news that were sent; one may be several messages.
    pub sent: u64,
    /// Hosts that wait for one.
    pub waiting: u64,
    /// Hosts that were sent one within the advertised lifetime.
    pub hosts: u64,
    /// Those of them that were sent one last, at most 32, the latest first.
    pub latest: Vec<AnsweredStatus>,
}

/// A host that was sent an advertisement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredStatus {
    /// The host.
    pub ipv4: Ipv4Addr,
    /// The address it asked from.
    pub address: Ipv6Addr,
    /// Seconds since then.
    pub seconds: u64,
}

/// Resolvers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsStatus {
    /// Recursive servers.
    pub servers: Vec<Ipv6Addr>,
    /// Search list.
    pub search: Vec<String>,
    /// Whether systemd-resolved has them; absent where it is not to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<ResolvedStatus>,
}

/// What became of the resolvers that were handed to systemd-resolved last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedStatus {
    /// It has them.
    pub taken: bool,
    /// Why it has not, once that is known.
    pub last_error: Option<String>,
    /// Seconds since then.
    pub last_error_seconds: Option<u64>,
}

/// What one layer did to the packets of one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerTotals {
    /// `in` or `out`.
    pub direction: String,
    /// `xdp`, `tc` or `user`.
    pub layer: String,
    /// Went on by this layer's own hand.
    pub forwarded: Count,
    /// Left to the layer below.
    pub passed: Count,
    /// Ended here.
    pub dropped: Count,
}

/// Packets and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Packets.
    pub packets: u64,
    /// Bytes of the inner packets.
    pub bytes: u64,
}

/// What `prl list` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrlDocument {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Name of the ISATAP device.
    pub interface: String,
    /// The Potential Router List.
    pub prl: Vec<PrlStatus>,
}

impl StatusDocument {
    /// Whether packets can flow and somebody looks after them: the daemon is alive, there is a
    /// locator, and a host has heard from a router.
    pub fn is_healthy(&self) -> bool {
        let heard = self.prl.iter().any(|entry| entry.last_ra_seconds.is_some());
        self.daemon.alive && !self.locators.is_empty() && (self.role == Role::Router || heard)
    }
}
