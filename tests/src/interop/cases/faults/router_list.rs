//! `sit` walks its list of routers for every packet from a host.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::both::Both;
use crate::exec;
use crate::forge;
use crate::interop::connectivity::in_prefix;
use crate::interop::scene::Scene;
use crate::ns::Inside;
use crate::packet::{Inner, Outer};
use crate::pins;
use crate::site::{HOST_A, HOST_B, PREFIX, gateway};

/// Beside the one that is there already.
const ROUTERS: u32 = 1_999;
const PACKETS: u32 = 2_000;
const NO_NEXT_HEADER: u8 = 59;
/// Caches and allocators are filled by then.
const FIRST: u32 = 100;

/// The same packet again and again, before and after the lists become long.
pub fn case(scene: &mut Scene) -> Result<()> {
    let mut both = Both::start(scene)?;
    // It would take away what it did not write itself.
    both.ours.stop()?;
    let short = Cost::measure(scene)?;
    lengthen_sit(scene)?;
    lengthen_ours(scene, both.ours.device())?;
    both_take_it(scene)?;
    let long = Cost::measure(scene)?;

    scene.note(format!("1 router: {short:?}"));
    scene.note(format!("{} routers: {long:?}", ROUTERS + 1));
    ensure!(
        long.sit > short.sit + u64::from(ROUTERS),
        "sit does not walk its list any more: {short:?}, then {long:?}"
    );
    ensure!(
        long.ours * 100 < short.ours * 105,
        "ours grows with the list: {short:?}, then {long:?}"
    );
    scene.compare("more with every router", "as many");
    Ok(())
}

/// Instructions a packet, those of sending it included.
#[derive(Clone, Copy, Debug)]
struct Cost {
    sit: u64,
    ours: u64,
}

impl Cost {
    fn measure(scene: &Scene) -> Result<Self> {
        let (core, site) = (&scene.site.core, &scene.site);
        Ok(Self {
            sit: instructions(core, &site.host_a, HOST_A)?,
            ours: instructions(core, &site.host_b, HOST_B)?,
        })
    }
}

/// A packet with "no next header" ends silently at its destination (RFC 8200 section 4.7).
fn instructions(core: &Inside, host: &Inside, to: Ipv4Addr) -> Result<u64> {
    let packet = packet(to, |inner| inner.raw(NO_NEXT_HEADER, b"nothing"))?;
    forge::send_often(core, to, &packet, FIRST)?;
    let before = received(host)?;
    let elapsed = forge::send_often(core, to, &packet, PACKETS)?;
    let received = received(host)? - before;
    ensure!(
        received == u64::from(PACKETS),
        "{to} received {received} of {PACKETS} packets"
    );
    Ok(u64::try_from(elapsed.as_nanos())? / u64::from(PACKETS))
}

/// From the core, as a host of the link.
fn packet(to: Ipv4Addr, with: impl Fn(Inner) -> Inner) -> Result<Vec<u8>> {
    let from = gateway(to);
    let inner = Inner::new(in_prefix(PREFIX, from), in_prefix(PREFIX, to));
    Outer::new(from, to).packet(&with(inner).packet()?)
}

/// IPv6 packets that reached a host's stack.
fn received(host: &Inside) -> Result<u64> {
    let printed = host.run("nstat -a -s -z -j Ip6InReceives")?;
    let document: Value = serde_json::from_str(&printed)?;
    let count = document.pointer("/kernel/Ip6InReceives");
    count.and_then(Value::as_u64).context(printed)
}

fn routers() -> impl Iterator<Item = Ipv4Addr> {
    let first = Ipv4Addr::new(172, 16, 0, 1).to_bits();
    (first..first + ROUTERS).map(Ipv4Addr::from_bits)
}

fn lengthen_sit(scene: &Scene) -> Result<()> {
    let mut lines = String::new();
    for router in routers() {
        writeln!(lines, "tunnel prl dev is0 prl-nodefault {router}")?;
    }
    let file = scene.write("sit.batch", &lines)?;
    let words = format!("ip -batch {}", file.display());
    scene.site.host_a.run(&words).map(drop)
}

/// Every entry says what the first one says.
fn lengthen_ours(scene: &Scene, device: &str) -> Result<()> {
    let map = pins::map(device, "PRL")?;
    let map = map.display();
    let printed = exec::line(&format!("bpftool --json map dump pinned {map}"))?;
    let entries: Value = serde_json::from_str(&printed)?;
    let value: Vec<String> = entries
        .pointer("/0/value")
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .context(printed)?;
    let value = value.join(" ");
    let mut lines = String::new();
    for router in routers() {
        let key = router.octets().map(|octet| octet.to_string()).join(" ");
        writeln!(lines, "map update pinned {map} key {key} value {value}")?;
    }
    let file = scene.write("ours.batch", &lines)?;
    exec::line(&format!("bpftool batch file {}", file.display())).map(drop)
}

/// What is measured is a packet that gets in: one with a question is answered.
fn both_take_it(scene: &mut Scene) -> Result<()> {
    let core = (*scene.site.core).clone();
    for (device, host) in [("to-a", HOST_A), ("to-b", HOST_B)] {
        let wire = scene.capture(&core, device)?;
        let (request, reply) = (("request", 128, "dst"), ("reply", 129, "src"));
        for (says, kind, end) in [request, reply] {
            wire.expect(
                &format!("an echo {says}"),
                &format!("icmpv6.type == {kind} && ip.{end} == {host} && !icmp"),
                1,
                Some(1),
            );
        }
        forge::send(
            &core,
            host,
            &packet(host, |inner| inner.echo_request(1, 1, b"in"))?,
        )?;
    }
    scene.end_captures()
}
