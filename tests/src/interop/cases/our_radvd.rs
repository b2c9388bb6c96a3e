//! Our router with radvd in place of our own advertisements.

use anyhow::{Result, ensure};

use crate::config;
use crate::interop::case::Case;
use crate::interop::connectivity::{carries_tcp, configured, in_prefix, link_local, reaches};
use crate::interop::peers::{Isatapd, Radvd, SIT};
use crate::interop::scene::Scene;
use crate::site::{HOST_A, HOST_B, NATIVE, PREFIX, ROUTER, SERVER, UPLINK};

pub const CASES: &[Case] = &[Case::new(
    "router-with-radvd",
    "radvd on our device; Linux sit, isatapd",
    "our router with advertise = false, real radvd: our host and isatapd get addresses, ping, TCP",
    radvd,
)];

fn radvd(scene: &mut Scene) -> Result<()> {
    expect(scene)?;
    let device = scene.names.router_device().to_owned();
    let router = scene.start(&scene.site.router, &device, &silent_router(&device))?;
    let status = router.json(&["status"])?;
    ensure!(
        status.pointer("/advertised_by") == Some(&"other".into()),
        "{status}"
    );
    let config = format!(
        "interface {device} {{ AdvSendAdvert on; UnicastOnly on; AdvLinkMTU 1480; \
         prefix {PREFIX}/64 {{ AdvOnLink on; AdvAutonomous on; AdvPreferredLifetime 1234; }}; }};\n"
    );
    let _radvd = Radvd::start(&scene.site.router, &device, &config, &scene.file(""))?;
    let host = scene.names.host_a_device().to_owned();
    let _host = scene.start(&scene.site.host_a, &host, &config::host(&host))?;
    let _isatapd = Isatapd::start(&scene.site.host_b, &[ROUTER], &scene.file("isatapd.log"))?;
    for (node, device, ipv4) in [
        (&scene.site.host_a, host.as_str(), HOST_A),
        (&scene.site.host_b, SIT, HOST_B),
    ] {
        configured(node, device, in_prefix(PREFIX, ipv4))?;
        reaches(node, SERVER)?;
        reaches(&scene.site.server, in_prefix(PREFIX, ipv4))?;
    }
    carries_tcp(scene, &scene.site.host_a, &scene.site.server, SERVER)
}

fn silent_router(device: &str) -> String {
    format!(
        "[interface]\nname = \"{device}\"\nrole = \"router\"\nuplinks = [\"{UPLINK}\"]\n\
         [router]\nlinks = [\"{NATIVE}\"]\nadvertise = false\n\
         [[router.prefix]]\nprefix = \"{PREFIX}/64\"\n"
    )
}

fn expect(scene: &mut Scene) -> Result<()> {
    let router = link_local(ROUTER);
    let wire = scene.capture_at_router()?;
    for host in [HOST_A, HOST_B] {
        wire.sees(
            "radvd's advertisement leaves encapsulated, by unicast",
            &format!(
                "icmpv6.type == 134 && ip.src == {ROUTER} && ip.dst == {host} && ipv6.src == {router} \
                 && ipv6.dst == {} && ipv6.hlim == 255 && icmpv6.opt.prefix.preferred_lifetime == 1234",
                link_local(host)
            ),
        );
    }
    wire.never_sees(
        "nobody else advertises",
        "icmpv6.type == 134 && !(icmpv6.opt.prefix.preferred_lifetime == 1234)",
    );
    Ok(())
}
