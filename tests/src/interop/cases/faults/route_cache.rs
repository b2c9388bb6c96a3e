//! `sit` keeps the route to its first peer for all peers.

use anyhow::{Result, ensure};

use super::both::start_router;
use crate::config;
use crate::interop::connectivity::{configured, in_prefix, lost_of_three};
use crate::interop::peers::Sit;
use crate::interop::scene::Scene;
use crate::site::{HOST_A, HOST_B, PREFIX, gateway};

/// Host a, first with `sit` and then with ours, has a peer in its subnet, the core, and one behind
/// it, host b.
pub fn case(scene: &mut Scene) -> Result<()> {
    peers(scene)?;
    expect_search(scene)?;
    let sit = Sit::create(&scene.site.host_a, HOST_A)?;
    sit.address(in_prefix(PREFIX, HOST_A))?;
    let lost = lost_in_turn(scene)?;
    ensure!(lost == [0, 3], "sit lost {lost:?} of three and three");
    sit.remove()?;
    // The kernel goes on asking for a while.
    scene.site.host_a.run("ip neigh flush dev eth0")?;
    scene.end_captures()?;

    expect_delivery(scene)?;
    let _router = start_router(scene)?;
    let device = scene.names.host_a_device();
    let _ours = scene.start(&scene.site.host_a, device, &config::host(device))?;
    configured(&scene.site.host_a, device, in_prefix(PREFIX, HOST_A))?;
    let lost = lost_in_turn(scene)?;
    ensure!(lost == [0, 0], "ours lost {lost:?} of three and three");
    scene.compare("3 lost", "none lost");
    Ok(())
}

/// Both are Linux; the way back is the same for every packet of theirs.
fn peers(scene: &Scene) -> Result<()> {
    let near = gateway(HOST_A);
    for (node, ipv4) in [(&scene.site.core, near), (&scene.site.host_b, HOST_B)] {
        Sit::create(node, ipv4)?.address(in_prefix(PREFIX, ipv4))?;
    }
    Ok(())
}

fn lost_in_turn(scene: &Scene) -> Result<[u32; 2]> {
    let host = &scene.site.host_a;
    let near = lost_of_three(host, in_prefix(PREFIX, gateway(HOST_A)))?;
    let far = lost_of_three(host, in_prefix(PREFIX, HOST_B))?;
    Ok([near, far])
}

fn expect_search(scene: &mut Scene) -> Result<()> {
    let core = (*scene.site.core).clone();
    let wire = scene.capture(&core, "to-a")?;
    wire.sees(
        "sit has the peer in another subnet asked for in its own",
        &format!(
            "arp.opcode == 1 && arp.src.proto_ipv4 == {HOST_A} && arp.dst.proto_ipv4 == {HOST_B}"
        ),
    );
    wire.never_sees(
        "sit sends nothing to the gateway for that peer",
        &format!("ip.proto == 41 && ip.dst == {HOST_B}"),
    );
    Ok(())
}

fn expect_delivery(scene: &mut Scene) -> Result<()> {
    let core = (*scene.site.core).clone();
    let wire = scene.capture(&core, "to-a")?;
    wire.never_sees(
        "ours has nobody asked for who is not in the own subnet",
        &format!("arp.src.proto_ipv4 == {HOST_A} && arp.dst.proto_ipv4 == {HOST_B}"),
    );
    for (kind, says) in [(128, "three requests"), (129, "three replies")] {
        wire.expect(
            &format!("{says} pass between ours and the peer in another subnet"),
            &format!("icmpv6.type == {kind} && ip.addr == {HOST_A} && ip.addr == {HOST_B}"),
            3,
            Some(3),
        );
    }
    Ok(())
}
