//! IPv6 routes through a device.

use std::fmt;
use std::net::Ipv6Addr;

use ipnet::Ipv6Net;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RoutePreference, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use serde::Serialize;

use super::{Change, Error, Netlink};

/// The routing protocol number that marks our routes; it is the IP protocol of ISATAP.
pub const RTPROT_ISATAP: u8 = 41;
/// The table that everybody's routes are in.
pub const RT_TABLE_MAIN: u32 = RouteHeader::RT_TABLE_MAIN as u32;
/// The table of the kernel's own addresses.
const RT_TABLE_LOCAL: u32 = 255;

/// Router preference (RFC 4191 section 2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Preference {
    /// Below the others.
    Low,
    /// The default.
    #[default]
    Medium,
    /// Above the others.
    High,
}

impl fmt::Display for Preference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}

/// One way to a destination. A multipath route is one for each of its next hops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv6Route {
    /// Where it leads.
    pub destination: Ipv6Net,
    /// The next hop; `None` if the destination is on-link.
    pub gateway: Option<Ipv6Addr>,
    /// The lowest is preferred. Never 0, which the kernel takes for 1024.
    pub metric: u32,
    /// Who made it: [`RTPROT_ISATAP`], 2 for the kernel, 3 or 4 for an administrator.
    pub protocol: u8,
    /// Preference among routes of equal metric.
    pub preference: Preference,
    /// The routing table.
    pub table: u32,
}

/// What to do about a route to the same destination with the same metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Become another path of it.
    Joined,
    /// Take its place without a moment in between; of every path, also through other devices.
    Replaced,
    /// Fail.
    Refused,
}

impl Netlink {
    /// The unicast IPv6 routes through a device, of every table but the local one.
    pub async fn routes(&self, index: u32) -> Result<Vec<Ipv6Route>, Error> {
        let mut request = RouteMessage::default();
        request.header.address_family = AddressFamily::Inet6;
        // Those to our own addresses, as many as there are addresses, are of another kind.
        request.header.kind = RouteType::Unicast;
        request.attributes.push(RouteAttribute::Oif(index));
        let request = RouteNetlinkMessage::GetRoute(request);
        let dump = self.dump("list the IPv6 routes", request).await?;
        let messages = dump.iter().filter_map(|item| match item {
            RouteNetlinkMessage::NewRoute(message) => Some(message),
            _ => None,
        });
        let unicast = messages.filter(|m| m.header.kind == RouteType::Unicast);
        let routes = unicast.flat_map(|message| read(index, message));
        Ok(routes.filter(|r| r.table != RT_TABLE_LOCAL).collect())
    }
}

impl Change {
    /// Adds an IPv6 route through a device.
    pub fn add_route(index: u32, route: &Ipv6Route, beside: Beside) -> Self {
        let mut message = of(index, route);
        let preference = RouteAttribute::Preference(route.preference.into());
        message.attributes.push(preference);
        let how = match beside {
            Beside::Joined => 0,
            Beside::Replaced => NLM_F_REPLACE,
            Beside::Refused => NLM_F_EXCL,
        };
        let doing = format!(
            "add the route to {} through interface {index}",
            route.destination
        );
        let message = RouteNetlinkMessage::NewRoute(message);
        Self::new(doing, message, NLM_F_CREATE | how)
    }

    /// Removes an IPv6 route through a device, other paths to its destination excepted.
    pub fn remove_route(index: u32, route: &Ipv6Route) -> Self {
        let doing = format!(
            "remove the route to {} through interface {index}",
            route.destination
        );
        let message = RouteNetlinkMessage::DelRoute(of(index, route));
        Self::new(doing, message, 0)
    }
}

/// A message about one route through one device.
fn of(index: u32, route: &Ipv6Route) -> RouteMessage {
    let mut message = RouteMessage::default();
    let header = &mut message.header;
    header.address_family = AddressFamily::Inet6;
    header.destination_prefix_length = route.destination.prefix_len();
    header.protocol = route.protocol.into();
    header.kind = RouteType::Unicast;
    let destination = RouteAddress::Inet6(route.destination.network());
    message.attributes.extend([
        RouteAttribute::Destination(destination),
        RouteAttribute::Table(route.table),
        RouteAttribute::Oif(index),
        RouteAttribute::Priority(route.metric),
    ]);
    let gateway = route.gateway.map(RouteAddress::Inet6);
    let gateway = gateway.map(RouteAttribute::Gateway);
    message.attributes.extend(gateway);
    message
}

/// The paths of a route that lead through the device.
fn read(index: u32, message: &RouteMessage) -> Vec<Ipv6Route> {
    let mut destination = Ipv6Addr::UNSPECIFIED;
    let mut table = u32::from(message.header.table);
    let (mut metric, mut preference) = (0, Preference::Medium);
    let mut paths = Vec::new();
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(RouteAddress::Inet6(address)) => destination = *address,
            RouteAttribute::Table(number) => table = *number,
            RouteAttribute::Priority(number) => metric = *number,
            RouteAttribute::Preference(found) => preference = (*found).into(),
            RouteAttribute::Oif(oif) => paths.push((*oif, gateway(&message.attributes))),
            RouteAttribute::MultiPath(hops) => paths.extend(
                hops.iter()
                    .map(|hop| (hop.interface_index, gateway(&hop.attributes))),
            ),
            _ => {}
        }
    }
    let length = message.header.destination_prefix_length;
    let Ok(destination) = Ipv6Net::new(destination, length) else {
        return Vec::new();
    };
    let through = paths.into_iter().filter(|(oif, _)| *oif == index);
    through
        .map(|(_, gateway)| Ipv6Route {
            destination,
            gateway,
            metric,
            protocol: message.header.protocol.into(),
            preference,
            table,
        })
        .collect()
}

fn gateway(attributes: &[RouteAttribute]) -> Option<Ipv6Addr> {
    attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Gateway(RouteAddress::Inet6(address)) => Some(*address),
        _ => None,
    })
}

impl From<Preference> for RoutePreference {
    fn from(preference: Preference) -> Self {
        match preference {
            Preference::Low => Self::Low,
            Preference::Medium => Self::Medium,
            Preference::High => Self::High,
        }
    }
}

impl From<RoutePreference> for Preference {
    fn from(preference: RoutePreference) -> Self {
        match preference {
            RoutePreference::Low => Self::Low,
            RoutePreference::High => Self::High,
            _ => Self::Medium,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::addresses::Lifetimes;
    use super::super::{netns, tun};
    use super::*;

    async fn device(netlink: &Netlink) -> u32 {
        tun::open("isatap0").unwrap();
        let index = netlink.link("isatap0").await.unwrap().unwrap().index;
        netlink.set_generates_addresses(index, false).await.unwrap();
        netlink.set_up(index, true).await.unwrap();
        index
    }

    fn route(destination: &str, gateway: Option<&str>) -> Ipv6Route {
        Ipv6Route {
            destination: destination.parse().unwrap(),
            gateway: gateway.map(|text| text.parse().unwrap()),
            metric: 512,
            protocol: RTPROT_ISATAP,
            preference: Preference::High,
            table: RT_TABLE_MAIN,
        }
    }

    #[test]
    fn routes_read_back_as_written_and_go() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let index = device(&netlink).await;
            let wanted = [
                route("2001:db8:0:1::/64", None),
                route("fe80::/64", None),
                route("::/0", Some("fe80::5efe:a00:1")),
            ];
            for route in &wanted {
                let added = netlink
                    .change(Change::add_route(index, route, Beside::Refused))
                    .await;
                added.unwrap();
            }
            let mut found = netlink.routes(index).await.unwrap();
            found.sort_by_key(|r| std::cmp::Reverse(r.destination));
            assert_eq!(found.len(), 3);
            for route in &wanted {
                assert!(found.contains(route), "{route:?} in {found:?}");
                netlink
                    .change(Change::remove_route(index, route))
                    .await
                    .unwrap();
            }
            assert_eq!(netlink.routes(index).await.unwrap(), []);
        });
    }

    #[test]
    fn paths_to_one_destination_join_and_leave_one_by_one() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let index = device(&netlink).await;
            let [first, second] =
                ["fe80::5efe:a00:1", "fe80::5efe:a00:2"].map(|via| route("::/0", Some(via)));
            for path in [&first, &second] {
                let added = netlink
                    .change(Change::add_route(index, path, Beside::Joined))
                    .await;
                added.unwrap();
            }
            let found = netlink.routes(index).await.unwrap();
            assert_eq!(found, [first.clone(), second.clone()]);
            netlink
                .change(Change::remove_route(index, &first))
                .await
                .unwrap();
            assert_eq!(netlink.routes(index).await.unwrap(), [second]);
        });
    }

    #[test]
    fn a_replaced_route_leaves_no_other() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let index = device(&netlink).await;
            let first = route("::/0", Some("fe80::5efe:a00:1"));
            let second = Ipv6Route {
                preference: Preference::Low,
                ..route("::/0", Some("fe80::5efe:a00:2"))
            };
            netlink
                .change(Change::add_route(index, &first, Beside::Refused))
                .await
                .unwrap();
            let refused = netlink
                .change(Change::add_route(index, &second, Beside::Refused))
                .await;
            assert_eq!(
                refused.unwrap_err().errno(),
                Some(nix::errno::Errno::EEXIST)
            );
            let replaced = netlink
                .change(Change::add_route(index, &second, Beside::Replaced))
                .await;
            replaced.unwrap();
            assert_eq!(netlink.routes(index).await.unwrap(), [second]);
        });
    }

    #[test]
    fn the_routes_of_the_kernel_are_told_apart() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let index = device(&netlink).await;
            let address = "fe80::5efe:a00:1".parse().unwrap();
            netlink
                .change(Change::put_ipv6_address(
                    index,
                    address,
                    64,
                    Lifetimes::default(),
                ))
                .await
                .unwrap();
            assert_eq!(netlink.routes(index).await.unwrap(), []);
        });
    }
}
