//! The usual ways with other packets.

use std::path::Path;

use anyhow::Result;

use super::{Beds, Case, FRAMES, Router, Way};
use crate::bench::entrance::Entrance;
use crate::bench::flow::Flow;
use crate::bench::sink::Kind;
use crate::bench::twin::Twin;

/// More than fit into the cache, so that none is met again in time.
const TOO_MANY: u32 = 1 << 20;
/// As many as `sit` can be made to know, and our list of peers has room for; four for each line of the
/// cache, so that each has lost its line when its turn comes again.
const PEERS: u32 = 1 << 16;
/// Octets of a frame that just fits, outer header included.
const LARGE: usize = 1474;
/// The cheapest for what `sit` encapsulates.
const SIT_OUT: &[Way] = &[(Entrance::Pass, Kind::Tc)];

/// Addresses that are not in the cache, many peers, and large frames.
pub fn of(beds: &Beds) -> Result<Vec<Case<'_>>> {
    // What hosts send first: nothing is sent to one that was not heard from.
    let mut cases = peers(beds)?;
    cases.extend(misses(beds)?);
    cases.extend(large(beds)?);
    Ok(cases)
}

/// Our programs' cached path, written in C.
pub fn in_c<'bed>(beds: &'bed Beds, object: &Path) -> Result<Vec<Case<'bed>>> {
    let bed = &beds.xdp;
    let router = || anyhow::Ok(Router::Twin(bed.daemon()?, Twin::load(object, bed)?));
    Ok(vec![
        Case {
            name: "xdp-decap-c",
            title: "the same path in C, XDP, decapsulation",
            lane: bed.nics.inward()?,
            ways: FRAMES,
            router: router()?,
        },
        Case {
            name: "xdp-encap-c",
            title: "the same path in C, XDP, encapsulation",
            lane: bed.nics.outward()?,
            ways: FRAMES,
            router: router()?,
        },
    ])
}

fn misses(beds: &Beds) -> Result<Vec<Case<'_>>> {
    let (nics, router) = (&beds.xdp.nics, || beds.xdp.daemon().map(Router::Ours));
    let flow = Flow::default();
    let hosts = flow.clone().of_hosts(PEERS);
    // While the lines of their blocks are about addresses of one form, those of the other have none.
    let before = vec![nics.inward_of(&hosts)?, nics.outward_of(&hosts)?];
    Ok(vec![
        Case {
            name: "xdp-decap-miss",
            title: "ours, XDP, decapsulation, no next hop in the cache",
            lane: nics.inward_of(&flow.clone().with_servers(TOO_MANY))?,
            ways: FRAMES,
            router: router()?,
        },
        Case {
            name: "sit-encap-miss",
            title: "Linux sit, encapsulation, every host a new neighbour",
            lane: beds.sit.nics.outward_of(&flow.clone().of_hosts(TOO_MANY))?,
            ways: SIT_OUT,
            router: Router::Kernel,
        },
        Case {
            name: "xdp-encap-miss",
            title: "ours, XDP, encapsulation, no next hop in the cache",
            lane: nics.outward_of(&hosts.in_other_form())?.after(before),
            ways: FRAMES,
            router: router()?,
        },
    ])
}

fn peers(beds: &Beds) -> Result<Vec<Case<'_>>> {
    let (nics, router) = (&beds.xdp.nics, || beds.xdp.daemon().map(Router::Ours));
    let flow = Flow::default().of_hosts(PEERS);
    let (inward, outward) = (nics.inward_of(&flow)?, nics.outward_of(&flow)?);
    let heard = vec![inward.clone()];
    let sent = vec![inward.clone(), outward.clone()];
    Ok(vec![
        Case {
            name: "xdp-decap-64k",
            title: "ours, XDP, decapsulation, 65 536 hosts in turn",
            lane: inward.after(heard),
            ways: FRAMES,
            router: router()?,
        },
        Case {
            name: "xdp-encap-64k",
            title: "ours, XDP, encapsulation, 65 536 hosts in turn",
            lane: outward.after(sent),
            ways: FRAMES,
            router: router()?,
        },
        Case {
            name: "sit-encap-64k",
            title: "Linux sit, encapsulation, 65 536 hosts in turn",
            lane: beds.sit.nics.outward_of(&flow)?,
            ways: SIT_OUT,
            router: Router::Kernel,
        },
        Case {
            name: "sit-encap-64k-usual",
            title: "Linux sit, encapsulation, 65 536 hosts in turn, the kernel's own limit of neighbours",
            lane: beds.sit.nics.outward_of(&flow)?,
            ways: SIT_OUT,
            router: Router::Forgetful,
        },
    ])
}

fn large(beds: &Beds) -> Result<Vec<Case<'_>>> {
    let (bare, ours) = (&beds.bare.nics, &beds.xdp.nics);
    let router = || beds.xdp.daemon().map(Router::Ours);
    let flow = Flow::default().in_frames_of(LARGE);
    let case = |name, title, lane, router| Case {
        name,
        title,
        lane,
        ways: FRAMES,
        router,
    };
    Ok(vec![
        case(
            "redirect-in-1474",
            "bare redirect, inward, 1474 octets",
            bare.inward_of(&flow)?.unchanged(),
            Router::redirect(&bare.uplink, &bare.native)?,
        ),
        case(
            "redirect-out-1474",
            "bare redirect, outward, 1454 octets",
            bare.outward_of(&flow)?.unchanged(),
            Router::redirect(&bare.native, &bare.uplink)?,
        ),
        case(
            "xdp-decap-1474",
            "ours, XDP, decapsulation, 1474 octets",
            ours.inward_of(&flow)?,
            router()?,
        ),
        case(
            "xdp-encap-1474",
            "ours, XDP, encapsulation, 1474 octets",
            ours.outward_of(&flow)?,
            router()?,
        ),
    ])
}
