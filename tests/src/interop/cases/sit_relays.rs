//! Our router beside Linux's relays of 6to4 and 6rd in one IPv4 network: a packet that would go round
//! between two tunnels (RFC 6324 section 2) ends at ours.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::config::{self, Xdp};
use crate::daemon::Daemon;
use crate::forge;
use crate::interop::case::Case;
use crate::interop::connectivity::{PACE, in_prefix};
use crate::interop::scene::Scene;
use crate::interrupt;
use crate::ns::{Inside, Namespace};
use crate::packet::{Inner, Outer};
use crate::site::{HOST_B, PREFIX, ROUTER, SERVER, UPLINK};
use crate::stats::Stats;

pub const CASES: &[Case] = &[Case::new(
    "sit-relays",
    "Linux sit as 6to4 and 6rd relay",
    "our router beside the relays: packets that would go round between the tunnels end at ours",
    relays,
)];

const RELAY_NATIVE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 0xfe);
const SERVER_RELAY: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 1);
const SIX_RD: &str =
    "[[datapath.six-rd]]\nprefix = \"2001:db9::/32\"\nipv4-prefix = \"10.0.0.0/8\"\n";

/// One kind of tunnel, whose relay has an address of its own for it.
struct Relay {
    device: &'static str,
    ipv4: Ipv4Addr,
    prefix: &'static str,
    /// What it makes of our router's and of host b's IPv4 address.
    ours: Ipv6Addr,
    host: Ipv6Addr,
    /// The ports that mark its packets: one for each way.
    ports: [u16; 4],
}

const RELAYS: [Relay; 2] = [
    Relay {
        device: "sixtofour",
        ipv4: Ipv4Addr::new(10, 8, 0, 2),
        prefix: "2002::/16",
        ours: Ipv6Addr::new(0x2002, 0xa09, 2, 0, 0, 0, 0, 1),
        host: Ipv6Addr::new(0x2002, 0xa02, 2, 0, 0, 0, 0, 1),
        ports: [7100, 7101, 7102, 7103],
    },
    Relay {
        device: "sixrd",
        ipv4: Ipv4Addr::new(10, 8, 0, 3),
        prefix: "2001:db9::/32",
        ours: Ipv6Addr::new(0x2001, 0xdb9, 0x900, 0x200, 0, 0, 0, 1),
        host: Ipv6Addr::new(0x2001, 0xdb9, 0x200, 0x200, 0, 0, 0, 1),
        ports: [7200, 7201, 7202, 7203],
    },
];

fn relays(scene: &mut Scene) -> Result<()> {
    let node = relay_node(scene)?;
    for relay in &RELAYS {
        relay.create(&node)?;
    }
    expect(scene)?;
    let device = scene.names.router_device();
    let ours = format!("{}{SIX_RD}", config::router(device, Xdp::Auto));
    let router = scene.start(&scene.site.router, device, &ours)?;
    let mut refused = Vec::new();
    for relay in &RELAYS {
        relay.forwards(scene)?;
        refused.push(format!(
            "{}: {}",
            relay.device,
            relay.goes_round(scene, &router)?
        ));
    }
    scene.note(format!("counted as embeds_own, {}", refused.join(", ")));
    Ok(())
}

/// Between the site and the server, which sends what is for the other tunnels to it.
fn relay_node(scene: &Scene) -> Result<Namespace> {
    let [first, second] = &RELAYS;
    let site = &scene.site;
    let node = site.join(&scene.names, "relay", first.ipv4)?;
    site.connect_to_server(&node, RELAY_NATIVE, SERVER_RELAY)?;
    let to_server = format!("ip -6 route add default via {SERVER_RELAY}");
    node.run(&format!("ip addr add {}/24 dev {UPLINK}", second.ipv4))?;
    node.run(&to_server)?;
    node.sysctl(&["net.ipv6.conf.all.forwarding=1"])?;
    site.server.sysctl(&["net.ipv6.conf.all.forwarding=1"])?;
    for relay in &RELAYS {
        let route = format!("ip -6 route add {} via {RELAY_NATIVE}", relay.prefix);
        site.server.run(&route)?;
    }
    let default = format!("ip -6 route add default via {SERVER}");
    site.router.run(&default)?;
    Ok(node)
}

impl Relay {
    fn create(&self, node: &Inside) -> Result<()> {
        let Self {
            device,
            ipv4,
            prefix,
            ..
        } = self;
        node.run(&format!(
            "ip tunnel add {device} mode sit remote any local {ipv4} ttl 64"
        ))?;
        if *prefix != "2002::/16" {
            let words = format!("ip tunnel 6rd dev {device} 6rd-prefix {prefix}");
            node.run(&format!("{words} 6rd-relay_prefix 10.0.0.0/8"))?;
        }
        node.run(&format!("ip link set {device} up"))?;
        node.run(&format!("ip -6 route add {prefix} dev {device}"))
            .map(drop)
    }

    /// It takes from a host of its tunnel what is for the server, and brings what is for the host.
    fn forwards(&self, scene: &Scene) -> Result<()> {
        let [inward, outward, ..] = self.ports;
        let packet = marked(self.host, SERVER, inward)?;
        let packet = Outer::new(HOST_B, self.ipv4).packet(&packet)?;
        forge::send(&scene.site.host_b, self.ipv4, &packet)?;
        let packet = marked(SERVER, self.host, outward)?;
        forge::send_ipv6(&scene.site.server, self.host, &packet)
    }

    /// One packet each way that would go round; how many our router has refused.
    fn goes_round(&self, scene: &Scene, router: &Daemon) -> Result<u64> {
        let [.., into, out_of] = self.ports;
        let of_relay = in_prefix(PREFIX, self.ipv4);
        let before = Stats::read(router)?;
        let refused =
            || -> Result<u64> { Ok(Stats::read(router)?.since(&before).of_reason("embeds_own")) };
        // Into our tunnel to the relay, which would believe the source, and send it back natively.
        let packet = marked(self.ours, of_relay, into)?;
        forge::send_ipv6(&scene.site.server, of_relay, &packet)?;
        // From the relay out of our tunnel, natively back to the relay.
        let packet = marked(of_relay, self.ours, out_of)?;
        forge::send_ipv6(&scene.site.server, self.ours, &packet)?;
        let both = || Ok((refused()? >= 2).then_some(()));
        interrupt::poll_every(PACE, Duration::from_secs(10), both)?
            .with_context(|| format!("{}: not both were refused", self.device))?;
        // Whatever goes round is back by then.
        interrupt::sleep(Duration::from_secs(1))?;
        let refused = refused()?;
        ensure!(refused == 2, "{}: {refused} were refused", self.device);
        Ok(refused)
    }
}

fn marked(source: Ipv6Addr, destination: Ipv6Addr, port: u16) -> Result<Vec<u8>> {
    Inner::new(source, destination)
        .udp(4000, port, b"round")
        .packet()
}

/// The marked packet itself, and not an error that quotes it.
fn sent_to(port: u16) -> String {
    format!("udp.dstport == {port} && !icmp && !icmpv6")
}

fn expect(scene: &mut Scene) -> Result<()> {
    let (core, server) = ((*scene.site.core).clone(), (*scene.site.server).clone());
    scene.capture(&core, "to-b")?;
    for relay in &RELAYS {
        let [_, outward, ..] = relay.ports;
        let filter = format!(
            "{} && ip.src == {} && ip.dst == {HOST_B} && ipv6.dst == {}",
            sent_to(outward),
            relay.ipv4,
            relay.host
        );
        let says = format!("{} brings what is for its host", relay.device);
        scene.last_capture()?.expect(&says, &filter, 1, Some(1));
    }
    scene.capture(&server, "eth1")?;
    for relay in &RELAYS {
        let [inward, _, into, _] = relay.ports;
        let says = format!("{} takes what is from its host", relay.device);
        let filter = format!("{} && ipv6.src == {}", sent_to(inward), relay.host);
        let wire = scene.last_capture()?;
        wire.expect(&says, &filter, 1, Some(1));
        let says = format!(
            "{} sends nothing back of what went into our tunnel",
            relay.device
        );
        wire.never_sees(&says, &sent_to(into));
    }
    scene.capture(&server, UPLINK)?;
    for relay in &RELAYS {
        let [.., into, out_of] = relay.ports;
        let wire = scene.last_capture()?;
        let says = "the server sends one packet into our tunnel, and sees it no more";
        wire.expect(says, &sent_to(into), 1, Some(1));
        wire.never_sees("nothing leaves our tunnel", &sent_to(out_of));
    }
    scene.capture_at_router()?;
    for relay in &RELAYS {
        let [.., into, out_of] = relay.ports;
        let wire = scene.last_capture()?;
        wire.never_sees("nothing enters our tunnel", &sent_to(into));
        let says = format!(
            "{} sends one packet to our router, and no more",
            relay.device
        );
        wire.expect(
            &says,
            &format!(
                "{} && ip.src == {} && ip.dst == {ROUTER}",
                sent_to(out_of),
                relay.ipv4
            ),
            1,
            Some(1),
        );
    }
    Ok(())
}
