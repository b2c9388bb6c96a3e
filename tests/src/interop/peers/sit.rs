//! Linux's `sit` device in ISATAP mode.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context as _, Result};

use crate::ns::Inside;

/// What it is called everywhere here.
pub const DEVICE: &str = "is0";

/// A tunnel, which goes with its namespace.
#[derive(Clone, Debug)]
pub struct Sit {
    inside: Inside,
}

impl Sit {
    /// Makes it and sets it up; the kernel gives it its link-local address.
    pub fn create(inside: &Inside, local: Ipv4Addr) -> Result<Self> {
        inside.run(&format!(
            "ip tunnel add {DEVICE} mode isatap local {local} ttl 64"
        ))?;
        let sit = Self {
            inside: inside.clone(),
        };
        accept_advertisements(inside, DEVICE)?;
        inside.run(&format!("ip link set {DEVICE} up"))?;
        Ok(sit)
    }

    /// Puts a router into its Potential Router List.
    pub fn potential_router(&self, router: Ipv4Addr) -> Result<()> {
        let words = format!("ip tunnel prl dev {DEVICE} prl-default {router}");
        self.inside.run(&words).map(drop)
    }

    /// Gives it an address in a /64, which is on-link then.
    pub fn address(&self, address: Ipv6Addr) -> Result<()> {
        let words = format!("ip -6 addr add {address}/64 dev {DEVICE} nodad");
        self.inside.run(&words).map(drop)
    }

    /// Removes it, with its addresses and routes.
    pub fn remove(self) -> Result<()> {
        let words = format!("ip tunnel del {DEVICE}");
        self.inside.run(&words).map(drop)
    }

    /// The link-local address that the kernel made.
    pub fn link_local(&self) -> Result<Ipv6Addr> {
        let shown = self
            .inside
            .run(&format!("ip -6 -o addr show dev {DEVICE} scope link"))?;
        let address = shown.split_whitespace().nth(3);
        let address = address.and_then(|word| word.split('/').next()?.parse().ok());
        address.with_context(|| format!("{DEVICE} has no link-local address: {shown}"))
    }
}

/// A host's kernel takes advertisements on the device, default routes, preferences and specific
/// routes included.
pub fn accept_advertisements(inside: &Inside, device: &str) -> Result<()> {
    inside.sysctl(&[
        &format!("net.ipv6.conf.{device}.accept_ra=1"),
        &format!("net.ipv6.conf.{device}.autoconf=1"),
        &format!("net.ipv6.conf.{device}.accept_ra_rt_info_max_plen=64"),
    ])
}
