//! `sit` takes the broadcast address of its subnet for a peer (RFC 4213 section 3.6).

use std::net::Ipv4Addr;

use anyhow::Result;

use super::both::Both;
use crate::interop::connectivity::{in_prefix, reaches};
use crate::interop::scene::Scene;
use crate::packet::{Inner, Outer};
use crate::site::{HOST_A, HOST_B, PREFIX, SERVER, UPLINK};

/// Each host gets an echo request.
pub fn case(scene: &mut Scene) -> Result<()> {
    expect(scene)?;
    for host in [&scene.site.host_a, &scene.site.host_b] {
        host.sysctl(&[
            "net.ipv4.conf.all.rp_filter=0",
            &format!("net.ipv4.conf.{UPLINK}.rp_filter=0"),
        ])?;
    }
    let both = Both::start(scene)?;
    both.forge(scene, "outer_martian", |to| {
        let all = broadcast(to);
        let inner = Inner::new(in_prefix(PREFIX, all), in_prefix(PREFIX, to));
        let inner = inner.echo_request(1, 1, b"broadcast").packet()?;
        Outer::new(all, to).packet(&inner)
    })?;
    reaches(&scene.site.host_b, SERVER)?;
    scene.compare(
        "answers to the broadcast address",
        "drops it and counts outer_martian",
    );
    Ok(())
}

fn broadcast(node: Ipv4Addr) -> Ipv4Addr {
    let [a, b, c, _] = node.octets();
    Ipv4Addr::new(a, b, c, 255)
}

fn expect(scene: &mut Scene) -> Result<()> {
    let core = (*scene.site.core).clone();
    let request = |to| format!("icmpv6.type == 128 && ip.src == {}", broadcast(to));
    let answer = |to| format!("ip.dst == {}", broadcast(to));
    let wire = scene.capture(&core, "to-a")?;
    wire.expect("the request goes to sit", &request(HOST_A), 1, Some(1));
    wire.expect(
        "sit replies to the broadcast address",
        &format!("icmpv6.type == 129 && {}", answer(HOST_A)),
        1,
        Some(1),
    );
    let wire = scene.capture(&core, "to-b")?;
    wire.expect("the request goes to ours", &request(HOST_B), 1, Some(1));
    wire.never_sees("ours says nothing", &answer(HOST_B));
    Ok(())
}
