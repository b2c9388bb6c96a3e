//! One TCP connection through the kernel's own way, in the tunnel and beside it.

use std::net::Ipv6Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::outcome::{Outcome, Part};
use super::way::Label;
use crate::config::{self, Xdp};
use crate::daemon::Daemon;
use crate::interrupt;
use crate::names::Names;
use crate::ns::{Inside, Namespace};
use crate::pins::Pins;
use crate::site::{self, PREFIX, ROUTER, UPLINK};
use crate::traffic::{self, Amount, Way};

/// In one subnet with the router.
const HOST: &str = "10.9.0.3";
/// Outside of the tunnel.
const PLAIN_HOST: &str = "fd00:9::3";
const PLAIN_ROUTER: &str = "fd00:9::2";
/// What the tunnel leaves of a packet.
const MTU: u32 = 1480;
const READY: Duration = Duration::from_secs(15);

/// Two namespaces and one wire: a host and its router. The daemons go first.
pub struct Wire {
    _host_daemon: Daemon,
    _router_daemon: Daemon,
    host: Namespace,
    router: Namespace,
    /// The router's address in the tunnel.
    tunnel: Ipv6Addr,
    _pins: Pins,
}

/// Who cuts what is sent into packets.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    /// Whoever can do it last.
    Late,
    /// The NIC's owner, before the NIC.
    Early,
}

impl Wire {
    /// Builds it; both ends use no XDP.
    pub fn create(program: &Path, directory: &Path) -> Result<Self> {
        let names = Names::unique();
        let pins = Pins::prepare(names.devices())?;
        let host = Namespace::create(&names.namespace("host"))?;
        let router = Namespace::create(&names.namespace("router"))?;
        site::wire((&host, UPLINK), (&router, UPLINK))?;
        number(&host, HOST, PLAIN_HOST)?;
        number(&router, &ROUTER.to_string(), PLAIN_ROUTER)?;
        let (device, end) = (names.router_device(), names.host_a_device());
        let config = config::router_between(&[UPLINK], &[], device, Xdp::Off);
        let router_daemon = Daemon::start(program, &router, device, &config, directory)?;
        let host_daemon = Daemon::start(program, &host, end, &config::host(end), directory)?;
        let wire = Self {
            _host_daemon: host_daemon,
            _router_daemon: router_daemon,
            tunnel: in_tunnel(&router, device)?,
            host,
            router,
            _pins: pins,
        };
        in_tunnel(&wire.host, end)?;
        Ok(wire)
    }

    /// Every case once.
    pub fn measure(&self, seconds: u32, log: &Path, outcome: &mut Outcome) -> Result<()> {
        let tunnel = self.tunnel.to_string();
        for cut in [Cut::Late, Cut::Early] {
            self.cut(cut)?;
            for way in [Way::Upload, Way::Download] {
                for (address, is_plain) in [(PLAIN_ROUTER, true), (tunnel.as_str(), false)] {
                    let amount = Amount::Seconds(seconds);
                    let rate =
                        traffic::tcp_apart(&self.host, &self.router, address, way, amount, log)?;
                    label(cut, way, is_plain).tell(rate / 1e9, outcome)?;
                }
            }
        }
        Ok(())
    }

    fn cut(&self, cut: Cut) -> Result<()> {
        let word = if cut == Cut::Late { "on" } else { "off" };
        // Gathering is off on a veth NIC unless somebody asks for it.
        let words = format!("ethtool -K {UPLINK} tso {word} gso {word} gro off");
        self.host.run(&words)?;
        self.router.run(&words).map(drop)
    }
}

fn number(node: &Inside, ipv4: &str, ipv6: &str) -> Result<()> {
    node.run(&format!("ip addr add {ipv4}/24 dev {UPLINK}"))?;
    node.run(&format!("ip addr add {ipv6}/64 dev {UPLINK} nodad"))?;
    node.sysctl(&[&format!("net.ipv6.conf.{UPLINK}.mtu={MTU}")])
}

/// The address that a node has of the advertised prefix, once it may be used.
fn in_tunnel(node: &Inside, device: &str) -> Result<Ipv6Addr> {
    let is_it = |address: &Ipv6Addr| address.octets().starts_with(&PREFIX.octets()[..8]);
    let address = interrupt::poll(READY, || {
        Ok(node.global_addresses(device)?.into_iter().find(is_it))
    })?;
    address.with_context(|| format!("{device} has no address of {PREFIX}"))
}

fn label(cut: Cut, way: Way, is_plain: bool) -> Label {
    let (name, title, control) = match (cut, way, is_plain) {
        (Cut::Late, Way::Upload, true) => ("plain-up", "IPv6, host to router", "plain-up"),
        (Cut::Late, Way::Upload, false) => ("tunnel-up", "TC tunnel, host to router", "plain-up"),
        (Cut::Late, Way::Download, true) => ("plain-down", "IPv6, router to host", "plain-down"),
        (Cut::Late, Way::Download, false) => {
            ("tunnel-down", "TC tunnel, router to host", "plain-down")
        }
        (Cut::Early, Way::Upload, true) => (
            "plain-up-cut",
            "IPv6, host to router, no GSO",
            "plain-up-cut",
        ),
        (Cut::Early, Way::Upload, false) => (
            "tunnel-up-cut",
            "TC tunnel, host to router, no GSO",
            "plain-up-cut",
        ),
        (Cut::Early, Way::Download, true) => (
            "plain-down-cut",
            "IPv6, router to host, no GSO",
            "plain-down-cut",
        ),
        (Cut::Early, Way::Download, false) => (
            "tunnel-down-cut",
            "TC tunnel, router to host, no GSO",
            "plain-down-cut",
        ),
    };
    Label {
        part: Part::Tcp,
        name,
        title,
        control,
        at: 0,
    }
}
