//! One wire, our router at one end of it, recorded frames from the other.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::advertisement;
use super::frame::Frame;
use crate::daemon::Daemon;
use crate::forge;
use crate::interop::scene::Scene;
use crate::interrupt;
use crate::ns::Inside;
use crate::site::UPLINK;

/// The core's NIC towards the router.
const WIRE: &str = "to-router";
/// Not the core's: what is for the host, which does not exist, the core must not answer.
const HOST_ETHERNET: &str = "02:00:00:00:00:02";
/// Longer than the delay of an answer and the 3 s until another answer to the same host.
const PAUSE: Duration = Duration::from_secs(4);

/// What is said on the wire.
#[derive(Clone, Debug)]
pub enum Line {
    /// The host says this.
    Host(Frame),
    /// The host says this, which is wrong on purpose.
    Broken(Frame),
    /// The router has to say this, which scapy builds.
    Router(String),
}

/// A conversation that has been had: nothing but its lines may be in the capture, in their order.
#[derive(Debug)]
pub struct Conversation {
    /// The router.
    pub router: Daemon,
    frames: Vec<Frame>,
    core: Inside,
    address: Ipv4Addr,
}

impl Conversation {
    /// Gives the router the address that the host knows, and starts router and capture.
    pub fn prepare(scene: &mut Scene, lines: &[Line]) -> Result<Self> {
        let frames: Vec<Frame> = lines.iter().filter_map(Line::frame).collect();
        let first = frames.first().context("the host says nothing")?;
        let (host, router) = first.ends()?;
        number(scene, host, router)?;
        let capture = scene.capture_at_router()?;
        if lines.iter().any(|line| matches!(line, Line::Broken(_))) {
            capture.excuses(&format!("ip.src == {host}"));
        }
        capture.sees_exactly(
            "host and router say this and nothing else, octet by octet",
            &format!("ip.proto == 41 && ip.addr == {router}"),
            &lines.iter().map(Line::expression).collect::<Vec<_>>(),
        );
        let device = scene.names.router_device();
        Ok(Self {
            router: scene.start(&scene.site.router, device, &advertisement::config(device))?,
            frames,
            core: (*scene.site.core).clone(),
            address: router,
        })
    }

    /// Has it.
    pub fn play(&self) -> Result<()> {
        for frame in &self.frames {
            forge::send(&self.core, self.address, &frame.octets()?)?;
            interrupt::sleep(PAUSE)?;
        }
        Ok(())
    }
}

impl Line {
    fn frame(&self) -> Option<Frame> {
        match self {
            Self::Host(frame) | Self::Broken(frame) => Some(*frame),
            Self::Router(_) => None,
        }
    }

    fn expression(&self) -> String {
        match self {
            Self::Host(frame) | Self::Broken(frame) => frame.expression(),
            Self::Router(expression) => expression.clone(),
        }
    }
}

/// The two addresses at the two ends, and everything that the router may want to send goes there.
fn number(scene: &Scene, host: Ipv4Addr, router: Ipv4Addr) -> Result<()> {
    let (here, there) = (&scene.site.router, &scene.site.core);
    there.run(&format!("ip addr flush dev {WIRE}"))?;
    there.run(&format!("ip route add {router} dev {WIRE}"))?;
    let ethernet = ethernet(here)?;
    there.run(&format!(
        "ip neigh replace {router} lladdr {ethernet} dev {WIRE} nud permanent"
    ))?;
    here.run(&format!("ip addr flush dev {UPLINK}"))?;
    here.run(&format!("ip addr add {router}/24 dev {UPLINK}"))?;
    here.run(&format!("ip route add default dev {UPLINK}"))?;
    here.run(&format!(
        "ip neigh replace {host} lladdr {HOST_ETHERNET} dev {UPLINK} nud permanent"
    ))
    .map(drop)
}

fn ethernet(router: &Inside) -> Result<String> {
    let shown = router.run(&format!("ip -o link show dev {UPLINK}"))?;
    let mut words = shown.split_whitespace();
    let address = words.find(|word| *word == "link/ether").and(words.next());
    address
        .map(str::to_owned)
        .with_context(|| format!("no Ethernet address: {shown}"))
}
