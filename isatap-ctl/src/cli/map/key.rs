use std::net::Ipv4Addr;

use isatap_common::abi::LocatorKey;

use crate::cli::ifname;

/// A key of a hash as people read and type it.
pub(super) trait Key: aya::Pod {
    fn text(&self) -> String;
    fn parse(text: &str) -> Option<Self>;
}

impl Key for [u8; 4] {
    fn text(&self) -> String {
        Ipv4Addr::from(*self).to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(|ipv4: Ipv4Addr| ipv4.octets())
    }
}

impl Key for LocatorKey {
    fn text(&self) -> String {
        format!("{}/{}", ifname::of(self.ifindex), self.ipv4.text())
    }

    fn parse(text: &str) -> Option<Self> {
        let (interface, ipv4) = text.split_once('/')?;
        Some(Self {
            ifindex: ifname::index(interface)?,
            ipv4: <[u8; 4]>::parse(ipv4)?,
        })
    }
}

/// A device map is keyed by the interface index.
impl Key for u32 {
    fn text(&self) -> String {
        ifname::of(*self)
    }

    fn parse(text: &str) -> Option<Self> {
        ifname::index(text)
    }
}
