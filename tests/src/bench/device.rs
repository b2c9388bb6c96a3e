//! NICs as the kernel knows them.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::ns::Inside;

/// A NIC in a namespace.
#[derive(Clone, Debug)]
pub struct Device {
    /// Where it is.
    pub inside: Inside,
    /// What it is called there.
    pub name: String,
    /// Its number there.
    pub ifindex: u32,
    /// Its address.
    pub mac: [u8; 6],
}

impl Device {
    /// Looks it up.
    pub fn find(inside: &Inside, name: &str) -> Result<Self> {
        let found = Self::without_address(inside, name)?;
        ensure!(found.mac != [0; 6], "{name} has no address");
        Ok(found)
    }

    /// The same where a tunnel may have no address, which is zero then.
    pub fn without_address(inside: &Inside, name: &str) -> Result<Self> {
        let printed = inside.run(&format!("ip -j link show dev {name}"))?;
        let document: Value = serde_json::from_str(&printed)?;
        let field = |key: &str| document.pointer(&format!("/0/{key}"));
        let ifindex = field("ifindex").and_then(Value::as_u64);
        let mac = field("address").and_then(Value::as_str).and_then(parse);
        Ok(Self {
            inside: inside.clone(),
            name: name.to_owned(),
            ifindex: u32::try_from(ifindex.context("a NIC without a number")?)?,
            mac: mac.unwrap_or_default(),
        })
    }

    /// Its address as iproute2 writes it.
    pub fn lladdr(&self) -> String {
        self.mac.map(|octet| format!("{octet:02x}")).join(":")
    }

    /// Whether what arrives is gathered, which also makes the driver poll: without that, or a
    /// program on the NIC, redirected frames are not taken.
    pub fn gather(&self, on: bool) -> Result<()> {
        let word = if on { "on" } else { "off" };
        let words = format!("ethtool -K {} gro {word}", self.name);
        self.inside.run(&words).map(drop)
    }
}

fn parse(text: &str) -> Option<[u8; 6]> {
    let octets = text.split(':').map(|octet| u8::from_str_radix(octet, 16));
    let octets = octets.collect::<Result<Vec<_>, _>>().ok()?;
    octets.try_into().ok()
}
