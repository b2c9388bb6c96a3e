//! Native IPv6 from host a to the server over the same wires, to compare the tunnel with.

use anyhow::Result;

use crate::ns::Inside;
use crate::site::{NATIVE, Site, UPLINK};

/// The server's address for this.
pub const SERVER: &str = "fd00:f::1";

/// Native addresses and routes, removed with this value.
#[derive(Debug)]
pub struct Native<'site> {
    site: &'site Site,
}

impl<'site> Native<'site> {
    /// Adds them. The router must forward IPv6 already.
    pub fn add(site: &'site Site) -> Result<Self> {
        let native = Self { site };
        site.core.sysctl(&["net.ipv6.conf.all.forwarding=1"])?;
        native.change("add")?;
        Ok(native)
    }

    fn change(&self, verb: &str) -> Result<()> {
        self.each(|node, kind, words| {
            let nodad = if kind == "addr" && verb == "add" {
                " nodad"
            } else {
                ""
            };
            node.run(&format!("ip -6 {kind} {verb} {words}{nodad}"))
                .map(drop)
        })
    }

    fn each(&self, act: impl Fn(&Inside, &str, &str) -> Result<()>) -> Result<()> {
        let Site {
            host_a,
            core,
            router,
            server,
            ..
        } = self.site;
        act(host_a, "addr", &format!("fd00:1::2/64 dev {UPLINK}"))?;
        act(core, "addr", "fd00:1::1/64 dev to-a")?;
        act(core, "addr", "fd00:9::1/64 dev to-router")?;
        act(router, "addr", &format!("fd00:9::2/64 dev {UPLINK}"))?;
        act(router, "addr", &format!("fd00:f::fe/64 dev {NATIVE}"))?;
        act(server, "addr", &format!("fd00:f::1/64 dev {UPLINK}"))?;
        act(host_a, "route", "fd00:f::/64 via fd00:1::1")?;
        act(core, "route", "fd00:f::/64 via fd00:9::2")?;
        act(router, "route", "fd00:1::/64 via fd00:9::1")?;
        act(server, "route", "fd00:1::/64 via fd00:f::fe")
    }
}

impl Drop for Native<'_> {
    fn drop(&mut self) {
        let removed = self.each(|node, kind, words| {
            // A route may have gone with the address of its gateway's link.
            node.output(&format!("ip -6 {kind} del {words}")).map(drop)
        });
        let core = self.site.core.sysctl(&["net.ipv6.conf.all.forwarding=0"]);
        if let Err(error) = removed.and(core) {
            eprintln!("removing the native addresses: {error:#}");
        }
    }
}
