//! The site: two hosts in different IPv4 subnets, the IPv4 router between them, the ISATAP router,
//! and a native IPv6 server behind it.
//!
//! ```text
//! host a  10.1.0.2 ─── 10.1.0.1 ┐                     ┌ 2001:db8:f::fe ─── 2001:db8:f::1  server
//!                               core 10.9.0.1 ─── 10.9.0.2 router
//! host b  10.2.0.2 ─── 10.2.0.1 ┘
//! ```

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Result, ensure};

use crate::exec;
use crate::names::Names;
use crate::ns::Namespace;
use crate::pings::ping;

/// Host a.
pub const HOST_A: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
/// Host b.
pub const HOST_B: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 2);
/// The ISATAP router.
pub const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
/// The native IPv6 server.
pub const SERVER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xf, 0, 0, 0, 0, 1);
/// The address under which the server knows the router.
pub const ROUTER_NATIVE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xf, 0, 0, 0, 0, 0xfe);
/// The prefix that the router advertises, 64 bits long.
pub const PREFIX: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0);
/// The NIC of every node but core; of the router the one in the IPv4 site.
pub const UPLINK: &str = "eth0";
/// The router's NIC in the IPv6 network.
pub const NATIVE: &str = "eth1";

/// Who has which IPv4 address. Each is in a /24 of its own, of which the core has the first address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// Host a.
    pub host_a: Ipv4Addr,
    /// Host b.
    pub host_b: Ipv4Addr,
    /// The ISATAP router.
    pub router: Ipv4Addr,
}

impl Numbering {
    /// The one in the picture.
    pub const PRIVATE: Self = Self {
        host_a: HOST_A,
        host_b: HOST_B,
        router: ROUTER,
    };
}

/// The core's address in the /24 of a node.
pub fn gateway(node: Ipv4Addr) -> Ipv4Addr {
    let [a, b, c, _] = node.octets();
    Ipv4Addr::new(a, b, c, 1)
}

/// The namespaces, all links up and IPv4 routed.
#[derive(Debug)]
pub struct Site {
    /// Host a.
    pub host_a: Namespace,
    /// Host b.
    pub host_b: Namespace,
    /// The IPv4 router that knows nothing of IPv6; its NICs are `to-a`, `to-b` and `to-router`.
    pub core: Namespace,
    /// The ISATAP router.
    pub router: Namespace,
    /// The native IPv6 server.
    pub server: Namespace,
}

/// The address that a host makes of its IPv4 address and the advertised prefix.
pub fn isatap_address(host: Ipv4Addr) -> Ipv6Addr {
    let interface = 0x0000_5efe_0000_0000 | u128::from(host.to_bits());
    Ipv6Addr::from_bits(PREFIX.to_bits() | interface)
}

impl Site {
    /// Builds it with the usual addresses.
    pub fn create(names: &Names) -> Result<Self> {
        Self::numbered(names, Numbering::PRIVATE)
    }

    /// Builds it.
    pub fn numbered(names: &Names, numbering: Numbering) -> Result<Self> {
        let create = |node| Namespace::create(&names.namespace(node));
        let site = Self {
            host_a: create("a")?,
            host_b: create("b")?,
            core: create("core")?,
            router: create("router")?,
            server: create("server")?,
        };
        site.each(|node| quiet(node, "0"))?;
        site.connect()?;
        site.number(numbering)?;
        site.route(numbering)?;
        site.prepare_for_xdp()?;
        // The product's own device gets what an untouched machine would give it.
        site.each(|node| quiet(node, "1"))?;
        Ok(site)
    }

    /// One more node in the IPv4 site, with its NIC [`UPLINK`] in a /24 of its own; the core's NIC
    /// is called `to-` and the node's name.
    pub fn join(&self, names: &Names, node: &str, ipv4: Ipv4Addr) -> Result<Namespace> {
        let new = Namespace::create(&names.namespace(node))?;
        let to_node = format!("to-{node}");
        quiet(&new, "0")?;
        wire((&new, UPLINK), (&self.core, &to_node))?;
        let gateway = gateway(ipv4);
        new.run(&format!("ip addr add {ipv4}/24 dev {UPLINK}"))?;
        self.core
            .run(&format!("ip addr add {gateway}/24 dev {to_node}"))?;
        new.run(&format!("ip route add default via {gateway}"))?;
        self.core.run(&format!("ethtool -K {to_node} gro on"))?;
        new.run(&format!("ethtool -K {UPLINK} tx off"))?;
        quiet(&new, "1")?;
        Ok(new)
    }

    /// Connects such a node with the server, as [`NATIVE`] and `eth1`.
    pub fn connect_to_server(
        &self,
        node: &Namespace,
        ours: Ipv6Addr,
        server: Ipv6Addr,
    ) -> Result<()> {
        wire((node, NATIVE), (&self.server, "eth1"))?;
        node.run(&format!("ip addr add {ours}/64 dev {NATIVE} nodad"))?;
        self.server
            .run(&format!("ip addr add {server}/64 dev eth1 nodad"))?;
        self.server.run("ethtool -K eth1 gro on tx off")?;
        // A first packet may wait a second until an address is resolved, and be overtaken on other ways.
        let pings = ping(node, &server.to_string(), 1, 0.2)?;
        ensure!(pings.received > 0, "{server} does not answer {ours}");
        Ok(())
    }

    fn each(&self, act: impl Fn(&Namespace) -> Result<()>) -> Result<()> {
        [
            &self.host_a,
            &self.host_b,
            &self.core,
            &self.router,
            &self.server,
        ]
        .into_iter()
        .try_for_each(act)
    }

    fn connect(&self) -> Result<()> {
        wire((&self.host_a, UPLINK), (&self.core, "to-a"))?;
        wire((&self.host_b, UPLINK), (&self.core, "to-b"))?;
        wire((&self.router, UPLINK), (&self.core, "to-router"))?;
        wire((&self.router, NATIVE), (&self.server, UPLINK))
    }

    fn number(&self, numbering: Numbering) -> Result<()> {
        for (node, to_node, address) in [
            (&self.host_a, "to-a", numbering.host_a),
            (&self.host_b, "to-b", numbering.host_b),
            (&self.router, "to-router", numbering.router),
        ] {
            node.run(&format!("ip addr add {address}/24 dev {UPLINK}"))?;
            let gateway = gateway(address);
            self.core
                .run(&format!("ip addr add {gateway}/24 dev {to_node}"))?;
        }
        for (node, device, address) in [
            (&self.router, NATIVE, ROUTER_NATIVE),
            (&self.server, UPLINK, SERVER),
        ] {
            node.run(&format!("ip addr add {address}/64 dev {device}"))?;
        }
        Ok(())
    }

    fn route(&self, numbering: Numbering) -> Result<()> {
        self.core.sysctl(&["net.ipv4.ip_forward=1"])?;
        for (node, address) in [
            (&self.host_a, numbering.host_a),
            (&self.host_b, numbering.host_b),
            (&self.router, numbering.router),
        ] {
            node.run(&format!("ip route add default via {}", gateway(address)))?;
        }
        self.server
            .run("ip -6 route add default via 2001:db8:f::fe")
            .map(drop)
    }

    /// A veth NIC hands redirected frames on only if its peer polls, which GRO makes it do; and what
    /// leaves a machine over a wire has a finished checksum, which a veth NIC leaves open.
    fn prepare_for_xdp(&self) -> Result<()> {
        self.core.run("ethtool -K to-router gro on")?;
        self.server.run(&format!("ethtool -K {UPLINK} gro on"))?;
        self.finish_checksums(true)
    }

    /// Whether hosts and server send finished checksums, as real NICs do, or leave them and the
    /// segmentation open. XDP needs the former, the kernel's way through is faster with the latter.
    pub fn finish_checksums(&self, finish: bool) -> Result<()> {
        let offload = if finish { "off" } else { "on" };
        for node in [&self.host_a, &self.host_b, &self.server] {
            node.run(&format!("ethtool -K {UPLINK} tx {offload}"))?;
        }
        Ok(())
    }
}

/// Devices made while this is "0" are ready at once and configure nothing by themselves.
fn quiet(node: &Namespace, value: &str) -> Result<()> {
    let settings = ["accept_dad", "accept_ra", "autoconf"];
    let settings = settings.map(|name| format!("net.ipv6.conf.default.{name}={value}"));
    node.sysctl(&settings.each_ref().map(String::as_str))
}

/// Connects two namespaces by NICs of these names.
pub fn wire(one: (&Namespace, &str), other: (&Namespace, &str)) -> Result<()> {
    exec::line(&format!(
        "ip link add {} netns {} type veth peer name {} netns {}",
        one.1,
        one.0.name(),
        other.1,
        other.0.name()
    ))?;
    for (node, device) in [one, other] {
        node.run(&format!("ip link set {device} up"))?;
    }
    Ok(())
}
