//! `sit` believes any ICMPv4 message that fragmentation is needed, for as long as the kernel keeps
//! path MTUs.

use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::both::Both;
use crate::forge;
use crate::interop::connectivity::link_local;
use crate::interop::scene::Scene;
use crate::packet::{Inner, Outer, fragmentation_needed};
use crate::pings::Pings;
use crate::site::{HOST_A, HOST_B, ROUTER, SERVER, gateway};

/// Of the data of an echo request; the outer packet has 1468 octets.
const LARGE: u32 = 1400;
const FORGED_MTU: u16 = 1300;
const PINGS: u32 = 3;
const ICMP: u8 = 1;

/// When the pings are sent, which their identifier tells.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Before = 1,
    Soon = 2,
    NineMinutes = 3,
    ElevenMinutes = 4,
}

/// The same messages to both and to their router, and then eleven minutes.
pub fn case(scene: &mut Scene) -> Result<()> {
    expect(scene)?;
    let _both = Both::start(scene)?;
    large_pings(scene, Moment::Before, PINGS)?;
    for host in [HOST_A, HOST_B] {
        lower(scene, host, ROUTER)?;
        lower(scene, ROUTER, host)?;
    }
    large_pings(scene, Moment::Soon, 0)?;
    thread::sleep(Duration::from_mins(9));
    large_pings(scene, Moment::NineMinutes, 0)?;
    thread::sleep(Duration::from_mins(2));
    large_pings(scene, Moment::ElevenMinutes, PINGS)?;
    scene.compare("refused for ten minutes", "pass all the time");
    Ok(())
}

/// So many answers to `sit`, and all to ours.
fn large_pings(scene: &mut Scene, moment: Moment, to_sit: u32) -> Result<()> {
    let words = format!(
        "ping -n -q -c {PINGS} -i 0.2 -W 1 -s {LARGE} -M do -e {} {SERVER}",
        moment as u16
    );
    let site = &scene.site;
    let output = site.host_a.output(&words)?;
    let sit = Pings::parse(&output.stdout)?;
    let ours = Pings::parse(&site.host_b.output(&words)?.stdout)?;
    ensure!(sit.received == to_sit, "{moment:?}: sit: {sit}");
    ensure!(ours.received == PINGS, "{moment:?}: ours: {ours}");
    for line in output.stderr.lines() {
        scene.note(format!("{moment:?}: sit: {line}"));
    }
    Ok(())
}

/// Messages from somebody who never saw a packet from `node` to the other. The kernel believes
/// those that quote what a tunnel or a socket could have sent, and those that quote an echo reply.
fn lower(scene: &Scene, node: Ipv4Addr, other: Ipv4Addr) -> Result<()> {
    let inner = Inner::new(link_local(node), link_local(other)).packet()?;
    let tunnelled = Outer::new(node, other).dont_fragment().packet(&inner)?;
    let echo_reply = [0, 0, 0xff, 0xff, 0, 0, 0, 0];
    let echo_reply = Outer::new(node, other).protocol(ICMP).packet(&echo_reply)?;
    for quoted in [tunnelled, echo_reply] {
        let message = fragmentation_needed(FORGED_MTU, &quoted);
        let message = Outer::new(gateway(node), node)
            .protocol(ICMP)
            .packet(&message)?;
        forge::send(&scene.site.core, node, &message)?;
    }
    Ok(())
}

fn expect(scene: &mut Scene) -> Result<()> {
    let core = (*scene.site.core).clone();
    let message = format!("icmp.type == 3 && icmp.code == 4 && icmp.mtu == {FORGED_MTU}");
    let requests = |moment: Moment| {
        format!(
            "icmpv6.type == 128 && icmpv6.echo.identifier == {} && ip.len == {}",
            moment as u16,
            LARGE + 68
        )
    };
    let all = u64::from(PINGS);
    let wire = scene.capture(&core, "to-a")?;
    wire.expect("two messages go to sit", &message, 2, Some(2));
    for (moment, packets) in [
        (Moment::Before, all),
        (Moment::Soon, 0),
        (Moment::NineMinutes, 0),
        (Moment::ElevenMinutes, all),
    ] {
        let says = format!("large packets of sit: {moment:?}");
        wire.expect(&says, &requests(moment), packets, Some(packets));
    }
    let wire = scene.capture(&core, "to-b")?;
    wire.expect("two messages go to ours", &message, 2, Some(2));
    for moment in [
        Moment::Before,
        Moment::Soon,
        Moment::NineMinutes,
        Moment::ElevenMinutes,
    ] {
        let says = format!("large packets of ours: {moment:?}");
        wire.expect(&says, &requests(moment), all, Some(all));
    }
    Ok(())
}
