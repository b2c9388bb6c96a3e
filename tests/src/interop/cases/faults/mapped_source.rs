//! `sit` lets any inner source in from a router of the list, IPv4-mapped ones included (RFC 4213
//! section 3.6).

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::Result;

use super::both::Both;
use crate::interop::connectivity::in_prefix;
use crate::interop::scene::Scene;
use crate::packet::{Inner, Outer};
use crate::site::{HOST_A, HOST_B, PREFIX, ROUTER};

const MAPPED: Ipv6Addr = Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped();

/// Each host gets an echo request.
pub fn case(scene: &mut Scene) -> Result<()> {
    expect(scene)?;
    let both = Both::start(scene)?;
    both.forge(scene, "inner_martian", |to| {
        let inner = Inner::new(MAPPED, in_prefix(PREFIX, to)).echo_request(1, 1, b"mapped");
        Outer::new(ROUTER, to).packet(&inner.packet()?)
    })?;
    scene.compare("answers", "drops it and counts inner_martian");
    Ok(())
}

fn expect(scene: &mut Scene) -> Result<()> {
    let core = (*scene.site.core).clone();
    let request = format!("icmpv6.type == 128 && ipv6.src == {MAPPED}");
    let answer = |host| format!("icmpv6 && ipv6.dst == {MAPPED} && ip.src == {host}");
    let wire = scene.capture(&core, "to-a")?;
    wire.expect("the request goes to sit", &request, 1, Some(1));
    wire.expect(
        "sit replies",
        &format!("icmpv6.type == 129 && {}", answer(HOST_A)),
        1,
        Some(1),
    );
    let wire = scene.capture(&core, "to-b")?;
    wire.expect("the request goes to ours", &request, 1, Some(1));
    wire.never_sees("ours says nothing", &answer(HOST_B));
    Ok(())
}
