//! Network devices: listing them, and changing the state of ours.

use std::collections::BTreeMap;

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, LinkAttribute, LinkExtentMask, LinkFlags, LinkInfo,
    LinkMessage, LinkXdp,
};

use super::{Change, Error, Netlink};

/// A network device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Interface index.
    pub index: u32,
    /// Interface name.
    pub name: String,
    /// Largest packet in bytes.
    pub mtu: u32,
    /// Administratively up.
    pub up: bool,
    /// Up and able to carry packets; a TUN device that no process holds is not.
    pub running: bool,
    /// Kind of a virtual device, such as `tun` or `veth`; `None` for hardware.
    pub kind: Option<String>,
    /// Ethernet address, if it has one.
    pub mac: Option<[u8; 6]>,
    /// Whether the kernel makes a link-local address and accepts prefixes by itself.
    pub generates_addresses: bool,
    /// Id of the XDP program that is attached.
    pub xdp_program: Option<u32>,
    /// Of a VLAN device the index of the NIC whose frames it tags, if that is in this namespace.
    pub trunk: Option<u32>,
}

impl Link {
    /// Whether this is a TUN device: both TUN and TAP call themselves `tun`, only TAP has a MAC.
    pub fn is_tun(&self) -> bool {
        self.kind.as_deref() == Some("tun") && self.mac.is_none()
    }

    /// Whether this is a VLAN of another device.
    pub fn is_vlan(&self) -> bool {
        self.kind.as_deref() == Some("vlan")
    }
}

impl Netlink {
    /// Every device, by index.
    pub async fn links(&self) -> Result<BTreeMap<u32, Link>, Error> {
        let mut request = LinkMessage::default();
        let without_stats = LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]);
        request.attributes.push(without_stats);
        let dump = self
            .dump("list the links", RouteNetlinkMessage::GetLink(request))
            .await?;
        let links = dump.into_iter().filter_map(|item| match item {
            RouteNetlinkMessage::NewLink(message) => Some(read(message)),
            _ => None,
        });
        Ok(links.map(|link| (link.index, link)).collect())
    }

    /// The device called `name`.
    pub async fn link(&self, name: &str) -> Result<Option<Link>, Error> {
        let links = self.links().await?;
        Ok(links.into_values().find(|link| link.name == name))
    }

    /// Sets the device up or down.
    pub async fn set_up(&self, index: u32, up: bool) -> Result<(), Error> {
        let mut message = of(index);
        message.header.change_mask = LinkFlags::Up;
        if up {
            message.header.flags = LinkFlags::Up;
        }
        let state = if up { "up" } else { "down" };
        self.set(format!("set interface {index} {state}"), message)
            .await
    }

    /// Sets the largest packet of the device.
    pub async fn set_mtu(&self, index: u32, mtu: u32) -> Result<(), Error> {
        let mut message = of(index);
        message.attributes.push(LinkAttribute::Mtu(mtu));
        let doing = format!("set the MTU of interface {index} to {mtu}");
        self.set(doing, message).await
    }

    /// Says whether the kernel makes IPv6 addresses for the device by itself.
    pub async fn set_generates_addresses(&self, index: u32, on: bool) -> Result<(), Error> {
        let mode = if on {
            In6AddrGenMode::Eui64
        } else {
            In6AddrGenMode::None
        };
        let inet6 = AfSpecUnspec::Inet6(vec![AfSpecInet6::AddrGenMode(mode)]);
        let mut message = of(index);
        message
            .attributes
            .push(LinkAttribute::AfSpecUnspec(vec![inet6]));
        let doing = format!("set the address generation of interface {index} to {mode}");
        self.set(doing, message).await
    }

    /// Deletes the device.
    pub async fn delete_link(&self, index: u32) -> Result<(), Error> {
        let message = RouteNetlinkMessage::DelLink(of(index));
        let doing = format!("delete interface {index}");
        self.change(Change::new(doing, message, 0)).await
    }

    async fn set(&self, doing: String, message: LinkMessage) -> Result<(), Error> {
        let message = RouteNetlinkMessage::SetLink(message);
        self.change(Change::new(doing, message, 0)).await
    }
}

/// A message about one device.
fn of(index: u32) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message
}

fn read(message: LinkMessage) -> Link {
    let flags = message.header.flags;
    let mut link = Link {
        index: message.header.index,
        name: String::new(),
        mtu: 0,
        up: flags.contains(LinkFlags::Up),
        running: flags.contains(LinkFlags::Running | LinkFlags::LowerUp),
        kind: None,
        mac: None,
        generates_addresses: true,
        xdp_program: None,
        trunk: None,
    };
    let mut is_elsewhere = false;
    for attribute in message.attributes {
        match attribute {
            LinkAttribute::Link(index) => link.trunk = Some(index),
            LinkAttribute::LinkNetNsId(_) => is_elsewhere = true,
            LinkAttribute::IfName(name) => link.name = name,
            LinkAttribute::Mtu(mtu) => link.mtu = mtu,
            LinkAttribute::Address(bytes) => link.mac = bytes.try_into().ok(),
            LinkAttribute::Xdp(items) => link.xdp_program = xdp_program(&items),
            LinkAttribute::LinkInfo(infos) => link.kind = kind(&infos),
            LinkAttribute::AfSpecUnspec(families) => {
                link.generates_addresses = generates_addresses(&families);
            }
            _ => {}
        }
    }
    // The other end of a veth is called so as well.
    if !link.is_vlan() || is_elsewhere {
        link.trunk = None;
    }
    link
}

fn xdp_program(items: &[LinkXdp]) -> Option<u32> {
    items.iter().find_map(|item| match item {
        LinkXdp::ProgId(id) if *id != 0 => Some(*id),
        _ => None,
    })
}

fn kind(infos: &[LinkInfo]) -> Option<String> {
    infos.iter().find_map(|info| match info {
        LinkInfo::Kind(kind) => Some(kind.to_string()),
        _ => None,
    })
}

fn generates_addresses(families: &[AfSpecUnspec]) -> bool {
    let inet6 = families.iter().filter_map(|family| match family {
        AfSpecUnspec::Inet6(settings) => Some(settings),
        _ => None,
    });
    !inet6
        .flatten()
        .any(|setting| matches!(setting, AfSpecInet6::AddrGenMode(In6AddrGenMode::None)))
}

#[cfg(test)]
mod tests {
    use super::super::{netns, tun};
    use super::*;

    #[test]
    fn a_new_namespace_has_the_loopback_device() {
        netns::in_new(|| async {
            let links = Netlink::connect().unwrap().links().await.unwrap();
            let lo = &links[&1];
            assert_eq!((lo.name.as_str(), lo.up, lo.mtu), ("lo", false, 65536));
            assert_eq!(lo.kind, None);
        });
    }

    #[test]
    fn changes_are_seen_in_the_list() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let device = tun::open("isatap0").unwrap();
            let link = netlink.link("isatap0").await.unwrap().unwrap();
            assert!(link.is_tun() && link.generates_addresses && !link.up);
            netlink
                .set_generates_addresses(link.index, false)
                .await
                .unwrap();
            netlink.set_mtu(link.index, 1480).await.unwrap();
            netlink.set_up(link.index, true).await.unwrap();
            let link = netlink.link("isatap0").await.unwrap().unwrap();
            assert!(!link.generates_addresses && link.up && link.running);
            assert_eq!(link.mtu, 1480);
            assert_eq!(
                netlink.ipv6_addresses(link.index).await.unwrap(),
                [],
                "no address of the kernel's own"
            );
            drop(device);
            let link = netlink.link("isatap0").await.unwrap().unwrap();
            assert!(link.up && !link.running);
            netlink.delete_link(link.index).await.unwrap();
            assert_eq!(netlink.link("isatap0").await.unwrap(), None);
        });
    }

    #[test]
    fn a_refusal_carries_the_explanation_of_the_kernel() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            tun::open("isatap0").unwrap();
            let index = netlink.link("isatap0").await.unwrap().unwrap().index;
            let error = netlink.set_mtu(index, 1).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "cannot set the MTU of interface {index} to 1: \
                     Invalid argument (mtu less than device minimum)"
                )
            );
        });
    }
}
