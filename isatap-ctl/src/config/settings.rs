use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::diagnostic::Diagnostic;

/// A whole configuration file, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where it was read from.
    pub file: PathBuf,
    /// `[interface]`
    pub interface: Interface,
    /// `[datapath]`
    pub datapath: Datapath,
    /// `[router]` or `[host]`
    pub role: RoleSettings,
    /// What is right but has no effect, in the order of the file.
    pub notes: Vec<Diagnostic>,
}

/// The ISATAP interface and the IPv4 side of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Name of the device.
    pub name: String,
    /// NICs with the IPv4 side, at least one.
    pub uplinks: Vec<String>,
    /// The locator, or the primary address of the first uplink.
    pub local: Option<Ipv4Addr>,
    /// Largest inner packet.
    pub mtu: Mtu,
    /// How packets stay within the path.
    pub path_mtu: PathMtu,
    /// Outer time to live, never zero.
    pub ttl: u8,
    /// Copy the inner DSCP to the outer header; otherwise it is zero.
    pub copy_dscp: bool,
}

/// How the MTU of the device is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mtu {
    /// From the uplinks.
    Auto,
    /// This many bytes, 1280 to 65515.
    Fixed(u16),
}

/// How packets into the tunnel stay within what the IPv4 path takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathMtu {
    /// IPv4 routers may fragment them (RFC 4213 section 3.2.1).
    Static,
    /// They may not, and their reports are followed (section 3.2.2).
    Dynamic,
}

/// What the kernel programs do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datapath {
    /// How the program on the NICs is attached.
    pub xdp: XdpMode,
    /// What traffic control does on a router's NICs without that program.
    pub tc: TcMode,
    /// IPv4 addresses that may be embedded; empty is any that is not special.
    pub known_ipv4: Vec<Ipv4Net>,
    /// Prefixes of 6rd tunnels in the same IPv4 network.
    pub six_rd: Vec<SixRd>,
    /// Forward from one host of the link to another.
    pub hairpin: bool,
    /// Drop protocol 41 and 4 inside protocol 41.
    pub drop_nested: bool,
    /// ICMPv6 errors per second that the daemon sends.
    pub icmp_rate: u32,
    /// A router sends only to hosts that it has heard from.
    pub neighbor_check: bool,
    /// Hosts per second that a router probes because it has not.
    pub unknown_rate: u32,
    /// Of how many hosts there are accounts.
    pub hosts: u32,
}

/// A 6rd prefix (RFC 5969): an IPv4 address follows it, without the bits that all have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SixRd {
    /// Without host bits.
    pub prefix: Ipv6Net,
    /// Where the IPv4 addresses are.
    pub ipv4_prefix: Ipv4Net,
}

/// How the program on a NIC is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XdpMode {
    /// Native, else generic, else off.
    Auto,
    /// In the driver.
    Native,
    /// In the stack.
    Generic,
    /// Not at all; the traffic control programs do the work.
    Off,
}

/// What traffic control does on a router's NICs that have no XDP program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcMode {
    /// Hands packets to the stack, which routes and filters them.
    Stack,
    /// Forwards from NIC to NIC, past the stack.
    Forward,
}

/// What only one role has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleSettings {
    /// Forwards, and advertises unless another program does.
    Router(RouterSettings),
    /// Solicits and configures itself.
    Host(HostSettings),
}

/// A router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterSettings {
    /// Answer Router Solicitations; otherwise another program on the device does.
    pub advertise: bool,
    /// Native IPv6 NICs that get the program too.
    pub links: Vec<String>,
    /// Other advertising routers of the site.
    pub peers: Vec<Ipv4Addr>,
    /// Router Lifetime, whole seconds up to 65535; zero is not a default router.
    pub lifetime: Duration,
    /// Default router preference.
    pub preference: Preference,
    /// Cur Hop Limit; zero is unspecified.
    pub hop_limit: u8,
    /// The M flag.
    pub managed: bool,
    /// The O flag.
    pub other: bool,
    /// Reachable Time; zero is unspecified.
    pub reachable_time: Duration,
    /// Retrans Timer; zero is unspecified.
    pub retrans_timer: Duration,
    /// Router Advertisements per second in all.
    pub ra_rate: u32,
    /// Prefix Information options.
    pub prefixes: Vec<AdvertisedPrefix>,
    /// Route Information options.
    pub routes: Vec<AdvertisedRoute>,
    /// RDNSS and DNSSL options.
    pub dns: Option<Dns>,
    /// Prefixes behind hosts of the link; no two overlap.
    pub mappings: Vec<Mapping>,
}

/// A prefix behind a host of the link (RFC 6324 section 3.2.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Without host bits; none of the link's own.
    pub prefix: Ipv6Net,
    /// The host.
    pub via: Ipv4Addr,
}

/// Preference of a router or a route (RFC 4191).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preference {
    /// 01
    High,
    /// 00
    Medium,
    /// 11
    Low,
}

/// A lifetime that an option carries in 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lifetime {
    /// This many, less than `0xffff_ffff`.
    Seconds(u32),
    /// For ever, which the option writes as `0xffff_ffff`.
    Infinite,
}

impl Lifetime {
    /// The field of the option.
    pub const fn on_the_wire(self) -> u32 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Infinite => u32::MAX,
        }
    }
}

/// One prefix of the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvertisedPrefix {
    /// Without host bits; /64 if autonomous.
    pub prefix: Ipv6Net,
    /// Valid lifetime.
    pub valid: Lifetime,
    /// Preferred lifetime, never above the valid one.
    pub preferred: Lifetime,
    /// The L flag.
    pub on_link: bool,
    /// The A flag.
    pub autonomous: bool,
}

/// One route that hosts may take through this router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvertisedRoute {
    /// Without host bits.
    pub prefix: Ipv6Net,
    /// Among routers that advertise it.
    pub preference: Preference,
    /// How long it holds.
    pub lifetime: Lifetime,
}

/// Resolvers that hosts may use (RFC 8106).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    /// Recursive servers.
    pub servers: Vec<Ipv6Addr>,
    /// Search list.
    pub search: Vec<String>,
    /// How long both hold.
    pub lifetime: Lifetime,
}

/// A host that solicits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the file, and no two of them make one state"
)]
pub struct HostSettings {
    /// Static entries of the Potential Router List.
    pub prl: Vec<Ipv4Addr>,
    /// The name whose A records are entries too, without its final dot.
    pub domain: Option<String>,
    /// Where entries from DNS may be; empty is anywhere.
    pub prl_allow: Vec<Ipv4Net>,
    /// Longest time between two look-ups of the name.
    pub refresh: Duration,
    /// Least time between two solicitations to one router.
    pub min_solicit_interval: Duration,
    /// Take addresses from advertised prefixes.
    pub accept_prefixes: bool,
    /// Take default routers.
    pub accept_default: bool,
    /// Take Route Information options.
    pub accept_routes: bool,
    /// Take the MTU option.
    pub accept_mtu: bool,
    /// What becomes of advertised resolvers.
    pub accept_dns: AcceptDns,
    /// Least Cur Hop Limit that is believed.
    pub min_hop_limit: u8,
}

/// What becomes of the name servers and search domains that routers advertise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptDns {
    /// `status` shows them.
    Report,
    /// systemd-resolved gets them as well.
    Resolved,
    /// Nothing.
    Off,
}
