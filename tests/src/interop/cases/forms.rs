//! Both forms of the identifier: the u bit set and clear, public and private IPv4 addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context as _, Result, ensure};

use crate::interop::case::Case;
use crate::interop::connectivity::{
    carries_tcp, configured, in_prefix, link_local, link_local_unique, reaches, unique,
};
use crate::interop::peers::{Isatapd, LinuxRouter, SIT};
use crate::interop::scene::Scene;
use crate::site::{NATIVE, Numbering, PREFIX, SERVER, UPLINK};

/// Public to everybody.
const PUBLIC: Numbering = Numbering {
    host_a: Ipv4Addr::new(11, 1, 0, 2),
    host_b: Ipv4Addr::new(11, 2, 0, 2),
    router: Ipv4Addr::new(11, 9, 0, 2),
};
/// For documentation: Linux takes them for globally unique, this product does not (RFC 5737).
const DOCUMENTATION: Numbering = Numbering {
    host_a: Ipv4Addr::new(198, 51, 100, 2),
    host_b: Ipv4Addr::new(192, 0, 2, 2),
    router: Ipv4Addr::new(203, 0, 113, 2),
};
/// Hosts in private networks, the router's address public.
const MIXED: Numbering = Numbering {
    router: Ipv4Addr::new(11, 9, 0, 2),
    ..Numbering::PRIVATE
};

const LINK: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);

pub const CASES: &[Case] = &[
    Case::new(
        "public-router-isatapd",
        "Linux sit, isatapd",
        "our router, public IPv4 addresses (u = 1 on both sides): addresses, ping, TCP",
        |scene| our_router(scene, PUBLIC),
    )
    .numbered(PUBLIC),
    Case::new(
        "public-host-radvd",
        "Linux sit, radvd",
        "our host, public IPv4 addresses (u = 1 on both sides): addresses, ping, TCP",
        |scene| our_host(scene, PUBLIC),
    )
    .numbered(PUBLIC),
    Case::new(
        "mixed-router-isatapd",
        "Linux sit, isatapd",
        "our router at a public address, hosts at private ones (u = 1 and u = 0)",
        |scene| our_router(scene, MIXED),
    )
    .numbered(MIXED),
    Case::new(
        "mixed-host-radvd",
        "Linux sit, radvd",
        "our host at a private address, the router at a public one (u = 0 and u = 1)",
        |scene| our_host(scene, MIXED),
    )
    .numbered(MIXED),
    Case::new(
        "documentation-router-isatapd",
        "Linux sit, isatapd",
        "our router; the peer counts 198.51.100.0/24 and 203.0.113.0/24 as unique (u = 1), we do not",
        |scene| our_router(scene, DOCUMENTATION),
    )
    .numbered(DOCUMENTATION),
    Case::new(
        "documentation-host-radvd",
        "Linux sit, radvd",
        "our host; the peer counts 198.51.100.0/24 and 203.0.113.0/24 as unique (u = 1), we do not",
        |scene| our_host(scene, DOCUMENTATION),
    )
    .numbered(DOCUMENTATION),
];

/// The identifier that Linux makes.
fn by_linux(prefix: Ipv6Addr, ipv4: Ipv4Addr) -> Ipv6Addr {
    let address = in_prefix(prefix, ipv4);
    if ipv4.is_private() {
        address
    } else {
        unique(address)
    }
}

fn our_router(scene: &mut Scene, site: Numbering) -> Result<()> {
    scene.capture_at_router()?;
    let device = scene.names.router_device().to_owned();
    let config = format!(
        "[interface]\nname = \"{device}\"\nrole = \"router\"\nuplinks = [\"{UPLINK}\"]\n\
         [router]\nlinks = [\"{NATIVE}\"]\n[[router.prefix]]\nprefix = \"{PREFIX}/64\"\n"
    );
    let _router = scene.start(&scene.site.router, &device, &config)?;
    let daemon = Isatapd::start(
        &scene.site.host_a,
        &[site.router],
        &scene.file("isatapd.log"),
    )?;
    let address = by_linux(PREFIX, site.host_a);
    configured(&scene.site.host_a, SIT, address)
        .with_context(|| format!("isatapd: {}", daemon.printed()))?;
    connected(scene, address)?;
    let host = by_linux(LINK, site.host_a);
    answered_as_asked(scene, site.router, host, &daemon.printed())
}

/// isatapd begins with the one form or the other, and may ask both before the answer to the first,
/// which is then the only one: a host gets no second answer within three seconds.
fn answered_as_asked(
    scene: &mut Scene,
    router: Ipv4Addr,
    host: Ipv6Addr,
    printed: &str,
) -> Result<()> {
    let wire = scene.last_capture()?;
    let mut answers = Vec::new();
    for form in [link_local(router), link_local_unique(router)] {
        let answer = format!("icmpv6.type == 134 && ipv6.src == {form}");
        if printed.contains(&format!("Soliciting {form}\n")) {
            let question =
                format!("icmpv6.type == 133 && ipv6.src == {host} && ipv6.dst == {form}");
            wire.sees("isatapd asks this form of our address", &question);
            answers.push(format!("({answer})"));
        } else {
            wire.never_sees("the form that was not asked does not answer", &answer);
        }
    }
    ensure!(!answers.is_empty(), "isatapd asks nobody: {printed}");
    let answers = answers.join(" || ");
    let to_host = format!("ip.src == {router} && ipv6.dst == {host} && ({answers})");
    wire.sees("it is answered from a form that it asked", &to_host);
    Ok(())
}

fn our_host(scene: &mut Scene, site: Numbering) -> Result<()> {
    let address = ours(site.host_a);
    let directory = scene.file("");
    let router = LinuxRouter::start(
        &scene.site.router,
        site.router,
        by_linux(PREFIX, site.router),
        " prefix 2001:db8:0:1::/64 { AdvOnLink on; AdvAutonomous on; };\n",
        &directory,
    )?;
    let its = router.link_local()?;
    ensure!(
        its == link_local_unique(site.router),
        "the kernel made {its}"
    );
    let wire = scene.capture_at_router()?;
    wire.sees(
        "we ask the form that the router holds",
        &format!(
            "icmpv6.type == 133 && ip.dst == {} && ipv6.dst == {its}",
            site.router
        ),
    );
    wire.sees(
        "and it answers",
        &format!(
            "icmpv6.type == 134 && ip.dst == {} && ipv6.src == {its}",
            site.host_a
        ),
    );
    let device = scene.names.host_a_device().to_owned();
    let config = format!(
        "[interface]\nname = \"{device}\"\nrole = \"host\"\nuplinks = [\"{UPLINK}\"]\n\
         [datapath]\nxdp = \"off\"\n[host]\nprl = [\"{}\"]\n",
        site.router
    );
    let _host = scene.start(&scene.site.host_a, &device, &config)?;
    configured(&scene.site.host_a, &device, address)?;
    let shown = scene.site.host_a.run("ip -6 route show default")?;
    ensure!(shown.contains(&format!("via {its} ")), "{shown}");
    connected(scene, address)
}

/// The address that our host makes.
fn ours(ipv4: Ipv4Addr) -> Ipv6Addr {
    let address = in_prefix(PREFIX, ipv4);
    let is_public = ipv4.octets().first() == Some(&11);
    if is_public { unique(address) } else { address }
}

fn connected(scene: &Scene, address: Ipv6Addr) -> Result<()> {
    reaches(&scene.site.host_a, SERVER)?;
    reaches(&scene.site.server, address)?;
    carries_tcp(scene, &scene.site.host_a, &scene.site.server, SERVER)
}
