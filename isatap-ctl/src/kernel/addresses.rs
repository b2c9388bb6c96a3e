//! Addresses of the network devices, with their lifetimes and who made them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressMessage, AddressProtocol, CacheInfo,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::{Change, Error, Netlink};

/// The protocol (`IFA_PROTO`) that marks our addresses; it is the IP protocol of ISATAP.
pub const IFAPROT_ISATAP: u8 = 41;

/// The kernel's word for a lifetime without end.
const INFINITE: u32 = u32::MAX;

/// An IPv4 address of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv4OnLink {
    /// The device.
    pub index: u32,
    /// The address.
    pub address: Ipv4Addr,
    /// Length of its subnet's prefix.
    pub prefix_len: u8,
    /// Whether another address of the subnet came first and is preferred as source.
    pub secondary: bool,
    /// The subnet's broadcast address, if one is set.
    pub broadcast: Option<Ipv4Addr>,
}

/// An IPv6 address of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv6OnLink {
    /// The address.
    pub address: Ipv6Addr,
    /// Length of its prefix.
    pub prefix_len: u8,
    /// What is left of its lifetimes.
    pub lifetimes: Lifetimes,
    /// Who made it: [`IFAPROT_ISATAP`], 1 to 3 for the kernel, 0 if unsaid.
    pub protocol: u8,
    /// Not yet usable: duplicate address detection runs.
    pub tentative: bool,
    /// Never usable: duplicate address detection found another owner.
    pub duplicate: bool,
    /// Not for new connections: the preferred lifetime is over.
    pub deprecated: bool,
}

/// How long an address remains preferred, and valid; `None` is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Lifetimes {
    /// Good for new connections for this long.
    pub preferred: Option<Duration>,
    /// Good for existing connections for this long.
    pub valid: Option<Duration>,
}

impl Netlink {
    /// The IPv4 addresses of all devices, each device's primary ones first.
    pub async fn ipv4_addresses(&self) -> Result<Vec<Ipv4OnLink>, Error> {
        let messages = self.addresses(AddressFamily::Inet, 0).await?;
        let mut addresses: Vec<_> = messages.iter().filter_map(read_ipv4).collect();
        addresses.sort_by_key(|a| (a.index, a.secondary));
        Ok(addresses)
    }

    /// The IPv6 addresses of one device.
    pub async fn ipv6_addresses(&self, index: u32) -> Result<Vec<Ipv6OnLink>, Error> {
        let messages = self.addresses(AddressFamily::Inet6, index).await?;
        Ok(messages.iter().filter_map(read_ipv6).collect())
    }

    async fn addresses(
        &self,
        family: AddressFamily,
        index: u32,
    ) -> Result<Vec<AddressMessage>, Error> {
        let mut request = AddressMessage::default();
        request.header.family = family;
        request.header.index = index;
        let request = RouteNetlinkMessage::GetAddress(request);
        let dump = self.dump("list the addresses", request).await?;
        let messages = dump.into_iter().filter_map(|item| match item {
            RouteNetlinkMessage::NewAddress(message) => Some(message),
            _ => None,
        });
        Ok(messages.collect())
    }
}

impl Change {
    /// Adds an IPv6 address marked as ours, or gives one that exists these lifetimes and the mark.
    ///
    /// There is no duplicate address detection, and no route to the prefix comes with it, not even
    /// for `fe80::/64`. The kernel delivers packets to a new address a moment after it is made.
    pub fn put_ipv6_address(
        index: u32,
        address: Ipv6Addr,
        prefix_len: u8,
        lifetimes: Lifetimes,
    ) -> Self {
        let mut message = of(index, address, prefix_len);
        let flags = AddressFlags::Nodad | AddressFlags::Noprefixroute;
        message.attributes.extend([
            AddressAttribute::Flags(flags),
            AddressAttribute::CacheInfo(cache_info(lifetimes)),
            AddressAttribute::Protocol(AddressProtocol::Other(IFAPROT_ISATAP)),
        ]);
        Self::new(
            format!("add address {address}/{prefix_len} to interface {index}"),
            RouteNetlinkMessage::NewAddress(message),
            NLM_F_CREATE | NLM_F_REPLACE,
        )
    }

    /// Removes an IPv6 address.
    pub fn remove_ipv6_address(index: u32, address: Ipv6Addr, prefix_len: u8) -> Self {
        let doing = format!("remove address {address}/{prefix_len} from interface {index}");
        let message = RouteNetlinkMessage::DelAddress(of(index, address, prefix_len));
        Self::new(doing, message, 0)
    }
}

/// A message about one address of one device.
fn of(index: u32, address: Ipv6Addr, prefix_len: u8) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet6;
    message.header.prefix_len = prefix_len;
    message.header.index = index;
    let local = AddressAttribute::Local(address.into());
    message.attributes.push(local);
    message
}

/// Lifetimes in the kernel's seconds; the preferred one may not exceed the valid one.
fn cache_info(lifetimes: Lifetimes) -> CacheInfo {
    let mut info = CacheInfo::default();
    info.ifa_valid = lifetimes.valid.map_or(INFINITE, seconds).max(1);
    info.ifa_preferred = lifetimes
        .preferred
        .map_or(INFINITE, seconds)
        .min(info.ifa_valid);
    info
}

/// The nearest finite number of seconds.
fn seconds(lifetime: Duration) -> u32 {
    let rounded = lifetime
        .saturating_add(Duration::from_millis(500))
        .as_secs();
    u32::try_from(rounded).map_or(INFINITE - 1, |s| s.min(INFINITE - 1))
}

fn lifetime(seconds: u32) -> Option<Duration> {
    (seconds != INFINITE).then(|| Duration::from_secs(seconds.into()))
}

fn read_ipv4(message: &AddressMessage) -> Option<Ipv4OnLink> {
    let (IpAddr::V4(address), flags) = (local(message)?, flags(message)) else {
        return None;
    };
    let broadcast = message.attributes.iter().find_map(|a| match a {
        AddressAttribute::Broadcast(broadcast) => Some(*broadcast),
        _ => None,
    });
    Some(Ipv4OnLink {
        index: message.header.index,
        address,
        prefix_len: message.header.prefix_len,
        secondary: flags.contains(AddressFlags::Secondary),
        broadcast,
    })
}

fn read_ipv6(message: &AddressMessage) -> Option<Ipv6OnLink> {
    let (IpAddr::V6(address), flags) = (local(message)?, flags(message)) else {
        return None;
    };
    let (mut lifetimes, mut protocol) = (Lifetimes::default(), 0);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::CacheInfo(info) => {
                lifetimes.preferred = lifetime(info.ifa_preferred);
                lifetimes.valid = lifetime(info.ifa_valid);
            }
            AddressAttribute::Protocol(number) => protocol = u8::from(*number),
            _ => {}
        }
    }
    Some(Ipv6OnLink {
        address,
        prefix_len: message.header.prefix_len,
        lifetimes,
        protocol,
        tentative: flags.contains(AddressFlags::Tentative),
        duplicate: flags.contains(AddressFlags::Dadfailed),
        deprecated: flags.contains(AddressFlags::Deprecated),
    })
}

/// Our end of the address: on a point-to-point link `IFA_ADDRESS` is the peer's.
fn local(message: &AddressMessage) -> Option<IpAddr> {
    let attributes = || message.attributes.iter();
    let local = attributes().find_map(|a| match a {
        AddressAttribute::Local(address) => Some(*address),
        _ => None,
    });
    local.or_else(|| {
        attributes().find_map(|a| match a {
            AddressAttribute::Address(address) => Some(*address),
            _ => None,
        })
    })
}

fn flags(message: &AddressMessage) -> AddressFlags {
    let wide = message.attributes.iter().find_map(|a| match a {
        AddressAttribute::Flags(flags) => Some(*flags),
        _ => None,
    });
    wide.unwrap_or_else(|| AddressFlags::from_bits_retain(message.header.flags.bits().into()))
}

#[cfg(test)]
mod tests {
    use super::super::{netns, tun};
    use super::*;

    impl Netlink {
        /// Gives a device an IPv4 address, as an administrator does.
        pub(crate) async fn put_ipv4_address(
            &self,
            index: u32,
            address: Ipv4Addr,
            prefix_len: u8,
        ) -> Result<(), Error> {
            let mut message = AddressMessage::default();
            message.header.family = AddressFamily::Inet;
            message.header.prefix_len = prefix_len;
            message.header.index = index;
            let host = u32::MAX.checked_shr(prefix_len.into()).unwrap_or(0);
            let broadcast = Ipv4Addr::from_bits(address.to_bits() | host);
            message.attributes.extend([
                AddressAttribute::Local(address.into()),
                AddressAttribute::Broadcast(broadcast),
            ]);
            let message = RouteNetlinkMessage::NewAddress(message);
            self.change(Change::new(String::new(), message, NLM_F_CREATE))
                .await
        }
    }

    const ADDRESS: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0x5efe, 0x0a00, 1);

    async fn device(netlink: &Netlink) -> u32 {
        tun::open("isatap0").unwrap();
        let index = netlink.link("isatap0").await.unwrap().unwrap().index;
        netlink.set_generates_addresses(index, false).await.unwrap();
        netlink.set_up(index, true).await.unwrap();
        index
    }

    #[test]
    fn an_address_is_ours_usable_and_without_route() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let index = device(&netlink).await;
            let lifetimes = Lifetimes {
                preferred: Some(Duration::from_hours(1)),
                valid: Some(Duration::from_hours(2)),
            };
            let put = Change::put_ipv6_address(index, ADDRESS, 64, lifetimes);
            netlink.change(put).await.unwrap();
            let found = netlink.ipv6_addresses(index).await.unwrap();
            let expected = Ipv6OnLink {
                address: ADDRESS,
                prefix_len: 64,
                lifetimes,
                protocol: IFAPROT_ISATAP,
                tentative: false,
                duplicate: false,
                deprecated: false,
            };
            assert_eq!(found, [expected]);
            assert_eq!(netlink.routes(index).await.unwrap(), []);
        });
    }

    #[test]
    fn lifetimes_change_in_place_and_end() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let index = device(&netlink).await;
            for preferred in [None, Some(Duration::ZERO)] {
                let lifetimes = Lifetimes {
                    preferred,
                    valid: None,
                };
                let put = Change::put_ipv6_address(index, ADDRESS, 64, lifetimes);
                netlink.change(put).await.unwrap();
                let found = netlink.ipv6_addresses(index).await.unwrap();
                assert_eq!(found[0].lifetimes, lifetimes);
                assert_eq!(found[0].deprecated, preferred.is_some());
            }
            let remove = Change::remove_ipv6_address(index, ADDRESS, 64);
            netlink.change(remove).await.unwrap();
            assert_eq!(netlink.ipv6_addresses(index).await.unwrap(), []);
        });
    }

    #[test]
    fn the_mark_reaches_an_address_that_was_there() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let index = device(&netlink).await;
            let message = RouteNetlinkMessage::NewAddress(of(index, ADDRESS, 64));
            let change = Change::new(String::new(), message, NLM_F_CREATE);
            netlink.change(change).await.unwrap();
            assert_eq!(netlink.ipv6_addresses(index).await.unwrap()[0].protocol, 0);
            let put = Change::put_ipv6_address(index, ADDRESS, 64, Lifetimes::default());
            netlink.change(put).await.unwrap();
            let found = netlink.ipv6_addresses(index).await.unwrap();
            assert_eq!(found[0].protocol, IFAPROT_ISATAP);
        });
    }

    #[test]
    fn primary_ipv4_addresses_come_first() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            netlink.set_up(1, true).await.unwrap();
            for last in [1, 2] {
                let address = Ipv4Addr::new(192, 0, 2, last);
                netlink.put_ipv4_address(1, address, 24).await.unwrap();
            }
            let found = netlink.ipv4_addresses().await.unwrap();
            let brief: Vec<_> = found
                .iter()
                .map(|a| (a.address.to_string(), a.prefix_len, a.secondary))
                .collect();
            let expected = [
                ("127.0.0.1".to_owned(), 8, false),
                ("192.0.2.1".to_owned(), 24, false),
                ("192.0.2.2".to_owned(), 24, true),
            ];
            assert_eq!(brief, expected);
            assert_eq!(found[1].broadcast, Some(Ipv4Addr::new(192, 0, 2, 255)));
        });
    }
}
