//! Two routers, ours and Linux's, and two hosts of each kind.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::daemon::Daemon;
use crate::interop::case::Case;
use crate::interop::connectivity::{PACE, configured, in_prefix, link_local, reaches};
use crate::interop::peers::{Isatapd, LinuxRouter, SIT};
use crate::interop::scene::Scene;
use crate::interrupt;
use crate::ns::{Inside, Namespace};
use crate::site::{HOST_A, HOST_B, NATIVE, PREFIX, ROUTER, ROUTER_NATIVE, SERVER, UPLINK};

pub const CASES: &[Case] = &[Case::new(
    "two-routers",
    "Linux sit, radvd and isatapd beside ours",
    "two routers, two hosts of each kind; each router stopped in turn, the other takes over",
    failover,
)];

pub(super) const SECOND_ROUTER: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 2);
pub(super) const SECOND_NATIVE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 0xfe);
const SERVER_SECOND: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xe, 0, 0, 0, 0, 1);
const HOST_C: Ipv4Addr = Ipv4Addr::new(10, 3, 0, 2);
const HOST_D: Ipv4Addr = Ipv4Addr::new(10, 4, 0, 2);
/// Seconds for which both say that they are default routers.
const LIFETIME: u32 = 15;
/// A lifetime, and the time in which a host asks.
const TAKEN_OVER: Duration = Duration::from_secs(LIFETIME as u64 + 10);

/// One host with its device.
struct Host<'scene> {
    node: &'scene Inside,
    device: String,
    ipv4: Ipv4Addr,
    /// Of ours.
    daemon: Option<&'scene Daemon>,
}

fn failover(scene: &mut Scene) -> Result<()> {
    expect(scene)?;
    let c = scene.site.join(&scene.names, "c", HOST_C)?;
    let d = scene.site.join(&scene.names, "d", HOST_D)?;
    let second = second_router(scene)?;
    let mut ours = start_ours(scene, "high")?;
    let linux = start_linux(scene, &second)?;
    let (device_a, device_c) = (
        scene.names.host_a_device().to_owned(),
        "isatap-c".to_owned(),
    );
    let a = scene.start(&scene.site.host_a, &device_a, &host_config(&device_a))?;
    let of_c = scene.start(&c, &device_c, &host_config(&device_c))?;
    let both = [ROUTER, SECOND_ROUTER];
    let b = Isatapd::start(&scene.site.host_b, &both, &scene.file("isatapd-b.log"))?;
    let of_d = Isatapd::start(&d, &both, &scene.file("isatapd-d.log"))?;
    let host = |node, device: &str, ipv4, daemon| Host {
        node,
        device: device.to_owned(),
        ipv4,
        daemon,
    };
    let hosts = [
        host(&scene.site.host_a, &device_a, HOST_A, Some(&a)),
        host(&scene.site.host_b, SIT, HOST_B, None),
        host(&c, &device_c, HOST_C, Some(&of_c)),
        host(&d, SIT, HOST_D, None),
    ];
    for host in &hosts {
        configured(host.node, &host.device, in_prefix(PREFIX, host.ipv4))?;
        reaches(host.node, SERVER)?;
    }
    let mut notes = Vec::new();
    ours.down()?;
    notes.extend(taken_over(scene, &hosts, SECOND_NATIVE, SECOND_ROUTER)?);
    drop(ours);
    // What it told is over.
    interrupt::sleep(Duration::from_secs(LIFETIME.into()))?;
    // Less preferred than the other, which is in use.
    let _ours = start_ours(scene, "low")?;
    b.solicit()?;
    of_d.solicit()?;
    each_knows(&hosts, ROUTER)?;
    linux.stop()?;
    notes.extend(taken_over(scene, &hosts, ROUTER_NATIVE, ROUTER)?);
    for note in notes {
        scene.note(note);
    }
    Ok(())
}

/// The router that is left carries everybody; the server's side learns of it at once, as from a
/// routing protocol.
fn taken_over(
    scene: &Scene,
    hosts: &[Host<'_>],
    native: Ipv6Addr,
    router: Ipv4Addr,
) -> Result<Vec<String>> {
    let start = Instant::now();
    scene
        .site
        .server
        .run(&format!("ip -6 route replace {PREFIX}/64 via {native}"))?;
    let mut notes = Vec::new();
    for Host {
        node, device, ipv4, ..
    } in hosts
    {
        let back = interrupt::poll_every(PACE, TAKEN_OVER, || {
            let ping = node.output(&format!("ping -n -q -c 1 -W 1 {SERVER}"))?;
            Ok((ping.code == Some(0)).then_some(()))
        })?;
        back.with_context(|| {
            let table = node.output("ip -6 route show").map(|output| output.stdout);
            format!(
                "{ipv4} ({device}) does not reach the server by {router}:\n{}",
                table.unwrap_or_default()
            )
        })?;
        notes.push(format!(
            "{ipv4} ({device}) back by {router} after {} s",
            start.elapsed().as_secs()
        ));
    }
    for host in hosts {
        reaches(host.node, SERVER)?;
    }
    Ok(notes)
}

/// Waits until every host knows the router again.
fn each_knows(hosts: &[Host<'_>], router: Ipv4Addr) -> Result<()> {
    for host in hosts {
        let known = interrupt::poll_every(PACE, TAKEN_OVER * 2, || {
            Ok(host.knows(router)?.then_some(()))
        })?;
        known.with_context(|| format!("{} does not find {router} again", host.ipv4))?;
    }
    Ok(())
}

impl Host<'_> {
    /// Ours installs the better router only, and tells of the others in its list.
    fn knows(&self, router: Ipv4Addr) -> Result<bool> {
        let Some(daemon) = self.daemon else {
            let words = format!("ip -6 route show default dev {}", self.device);
            return Ok(self
                .node
                .run(&words)?
                .contains(&link_local(router).to_string()));
        };
        let listed = daemon.json(&["prl", "list"])?;
        let entries = listed.pointer("/prl").and_then(Value::as_array);
        let mut entries = entries.into_iter().flatten();
        Ok(entries.any(|entry| {
            entry.get("ipv4") == Some(&router.to_string().into())
                && entry.get("lifetime_left").is_some_and(Value::is_u64)
        }))
    }
}

pub(super) fn second_router(scene: &Scene) -> Result<Namespace> {
    let second = scene.site.join(&scene.names, "second", SECOND_ROUTER)?;
    scene
        .site
        .connect_to_server(&second, SECOND_NATIVE, SERVER_SECOND)?;
    second.run(&format!("ip -6 route add {SERVER} via {SERVER_SECOND}"))?;
    Ok(second)
}

fn start_ours(scene: &Scene, preference: &str) -> Result<Daemon> {
    let device = scene.names.router_device();
    let config = format!(
        "[interface]\nname = \"{device}\"\nrole = \"router\"\nuplinks = [\"{UPLINK}\"]\n\
         [router]\nlinks = [\"{NATIVE}\"]\nlifetime = \"{LIFETIME}s\"\npreference = \"{preference}\"\n\
         [[router.prefix]]\nprefix = \"{PREFIX}/64\"\n"
    );
    scene.start(&scene.site.router, device, &config)
}

fn start_linux(scene: &Scene, second: &Inside) -> Result<LinuxRouter> {
    let options = format!(
        " MinRtrAdvInterval 3;\n MaxRtrAdvInterval 5;\n AdvDefaultLifetime {LIFETIME};\n \
         prefix {PREFIX}/64 {{ AdvOnLink on; AdvAutonomous on; }};\n"
    );
    let address = in_prefix(PREFIX, SECOND_ROUTER);
    LinuxRouter::start(second, SECOND_ROUTER, address, &options, &scene.file(""))
}

fn host_config(device: &str) -> String {
    format!(
        "[interface]\nname = \"{device}\"\nrole = \"host\"\nuplinks = [\"{UPLINK}\"]\n\
         [datapath]\nxdp = \"off\"\n\
         [host]\nprl = [\"{ROUTER}\", \"{SECOND_ROUTER}\"]\nmin-solicit-interval = \"2s\"\n"
    )
}

fn expect(scene: &mut Scene) -> Result<()> {
    let global = in_prefix(PREFIX, HOST_A);
    let wire = scene.capture(&(*scene.site.host_a).clone(), UPLINK)?;
    for router in [ROUTER, SECOND_ROUTER] {
        wire.sees(
            "our host asks each router",
            &format!(
                "icmpv6.type == 133 && ip.dst == {router} && ipv6.dst == {}",
                link_local(router)
            ),
        );
        wire.sees(
            "and is answered by each",
            &format!(
                "icmpv6.type == 134 && ip.src == {router} && ipv6.src == {} \
                 && icmpv6.nd.ra.router_lifetime == {LIFETIME}",
                link_local(router)
            ),
        );
        wire.sees(
            "its packets have gone by each",
            &format!("icmpv6.type == 128 && ip.dst == {router} && ipv6.src == {global}"),
        );
        wire.sees(
            "and so have the answers",
            &format!("icmpv6.type == 129 && ip.src == {router} && ipv6.dst == {global}"),
        );
    }
    Ok(())
}
