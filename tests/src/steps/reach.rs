use std::net::Ipv6Addr;

use anyhow::{Result, ensure};

use crate::config::Xdp;
use crate::lab::Lab;
use crate::ns::Inside;
use crate::pings::{Pings, ping};
use crate::site::{HOST_A, HOST_B, SERVER, isatap_address};
use crate::story::Evidence;

const COUNT: u32 = 20;
const INTERVAL: f32 = 0.05;

/// Hosts and server ping each other; then destinations alternate, which is where a tunnel that
/// keeps one route for all of them fails.
pub fn reach(lab: &mut Lab, _xdp: Xdp) -> Evidence {
    let site = &lab.site;
    let (a, b) = (isatap_address(HOST_A), isatap_address(HOST_B));
    let straight = |from: &Inside, to: Ipv6Addr| ping(from, &to.to_string(), COUNT, INTERVAL);
    let rows = [
        ("a → server", straight(&site.host_a, SERVER)?),
        ("b → server", straight(&site.host_b, SERVER)?),
        ("a → b", straight(&site.host_a, b)?),
        ("b → a", straight(&site.host_b, a)?),
        ("server → a, b, a, b, …", alternating(&site.server, [a, b])?),
        (
            "a → b, server, b, …",
            alternating(&site.host_a, [b, SERVER])?,
        ),
        (
            "b → a, server, a, …",
            alternating(&site.host_b, [a, SERVER])?,
        ),
    ];
    let lost: u32 = rows.iter().map(|(_, pings)| pings.lost()).sum();
    let lines: Vec<_> = rows
        .iter()
        .map(|(what, pings)| format!("{what:<24} {pings}"))
        .collect();
    ensure!(lost == 0, "{lost} lost\n{}", lines.join("\n"));
    Ok(lines)
}

fn alternating(from: &Inside, to: [Ipv6Addr; 2]) -> Result<Pings> {
    let targets = to.iter().cycle().take(COUNT as usize);
    targets
        .map(|to| ping(from, &to.to_string(), 1, INTERVAL))
        .try_fold(Pings::default(), |sum, pings| Ok(sum.and(pings?)))
}
