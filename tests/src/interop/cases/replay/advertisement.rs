//! Everything that a router can advertise: what we are told to, and what must come of it.

use super::ends::Ends;
use crate::site::{NATIVE, UPLINK};

/// The configuration.
pub fn config(device: &str) -> String {
    format!(
        r#"[interface]
name = "{device}"
role = "router"
uplinks = ["{UPLINK}"]
mtu = 1280

[router]
links = ["{NATIVE}"]
lifetime = "30m"
preference = "high"

[[router.prefix]]
prefix = "2001:db8:0:1::/64"
valid = "30d"
preferred = "7d"

[[router.route]]
prefix = "2001:db8:ff::/48"
preference = "high"
lifetime = "30m"

[router.dns]
servers = ["2001:db8:0:1::53"]
search = ["example.com"]
lifetime = "30m"
"#
    )
}

/// The options for scapy, which would write the /48 in 16 octets where 8 are enough (RFC 4191
/// section 2.3).
const OPTIONS: &str = "ICMPv6NDOptMTU(mtu=1280)\
    /ICMPv6NDOptPrefixInfo(prefixlen=64,L=1,A=1,validlifetime=2592000,preferredlifetime=604800,prefix='2001:db8:0:1::')\
    /ICMPv6NDOptRouteInfo(len=2,plen=48,prf=1,rtlifetime=1800,prefix='2001:db8:ff::')\
    /ICMPv6NDOptRDNSS(lifetime=1800,dns=['2001:db8:0:1::53'])\
    /ICMPv6NDOptDNSSL(lifetime=1800,searchlist=['example.com'])";

/// The Router Advertisement for scapy.
pub fn advertisement(ends: &Ends<'_>) -> String {
    format!(
        "{}/ICMPv6ND_RA(chlim=64,M=0,O=0,prf=1,routerlifetime=1800,reachabletime=0,retranstimer=0)\
         /{OPTIONS}",
        ends.headers()
    )
}

/// The last Router Advertisement for scapy: the router ceases, and so do the routes through it (RFC 4861
/// section 6.2.5).
pub fn farewell(ends: &Ends<'_>) -> String {
    format!(
        "{}/ICMPv6ND_RA(chlim=0,M=0,O=0,prf=0,routerlifetime=0,reachabletime=0,retranstimer=0)\
         /ICMPv6NDOptRouteInfo(len=2,plen=48,prf=0,rtlifetime=0,prefix='2001:db8:ff::')",
        ends.headers()
    )
}
