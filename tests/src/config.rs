//! The configuration files of the site's router and hosts.

use std::net::Ipv4Addr;

use crate::site::{NATIVE, ROUTER, UPLINK};

/// The fast path of the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Xdp {
    /// The best that the NIC can do.
    Auto,
    /// None: the kernel's own way through.
    Off,
    /// None, but traffic control forwards from NIC to NIC.
    Forward,
}

impl Xdp {
    /// The mode of traffic control, as a line of the file.
    fn tc(self) -> &'static str {
        match self {
            Self::Auto | Self::Off => "",
            Self::Forward => "tc = \"forward\"\n",
        }
    }

    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Off | Self::Forward => "off",
        }
    }
}

/// The router, advertising the site's prefix.
pub fn router(device: &str, xdp: Xdp) -> String {
    router_between(&[UPLINK], &[NATIVE], device, xdp)
}

/// The same between other NICs: those in the IPv4 site and those in the IPv6 network.
pub fn router_between(uplinks: &[&str], links: &[&str], device: &str, xdp: Xdp) -> String {
    format!(
        r#"[interface]
name = "{device}"
role = "router"
uplinks = {uplinks:?}

[datapath]
xdp = "{}"
{}
[router]
links = {links:?}

[[router.prefix]]
prefix = "2001:db8:0:1::/64"
"#,
        xdp.word(),
        xdp.tc()
    )
}

/// A router of hosts alone, without another network.
pub fn router_of_hosts(device: &str) -> String {
    format!(
        r#"[interface]
name = "{device}"
role = "router"
uplinks = ["{UPLINK}"]

[datapath]
xdp = "off"

[[router.prefix]]
prefix = "2001:db8:0:1::/64"
"#
    )
}

/// A host that knows the router by its address.
pub fn host(device: &str) -> String {
    host_of(device, ROUTER)
}

/// A host that knows its routers by a name, and believes those in 10.0.0.0/8.
pub fn host_by_name(device: &str, name: &str) -> String {
    let routers = format!("domain = \"{name}\"\nprl-allow = [\"10.0.0.0/8\"]\nrefresh = \"1s\"");
    host(device).replace(&format!("prl = [\"{ROUTER}\"]"), &routers)
}

/// The same with any router.
pub fn host_of(device: &str, router: Ipv4Addr) -> String {
    format!(
        r#"[interface]
name = "{device}"
role = "host"
uplinks = ["{UPLINK}"]

[datapath]
xdp = "off"

[host]
prl = ["{router}"]
min-solicit-interval = "2s"
"#
    )
}
