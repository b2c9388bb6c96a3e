use anyhow::{Result, ensure};

use crate::config::Xdp;
use crate::lab::Lab;
use crate::site::SERVER;
use crate::stats::Stats;
use crate::story::Evidence;
use crate::traffic::{Amount, Way, tcp};

/// The share of the packets in transit that must take the short way.
const SHARE: f64 = 0.99;
/// Packets that look for the way anew, some in a second: on a machine that had no time for more they are a larger
/// share, and prove nothing.
const FEW: u64 = 40;

/// Counts the packets of a transfer by the layer that forwarded them.
pub fn layers(lab: &mut Lab, xdp: Xdp) -> Evidence {
    let before = Stats::read(lab.router()?)?;
    let (site, log) = (&lab.site, lab.file("iperf3.log"));
    tcp(
        &site.host_a,
        &site.server,
        &SERVER.to_string(),
        Way::Upload,
        Amount::Seconds(2),
        &log,
    )?;
    let counted = Stats::read(lab.router()?)?.since(&before);
    by_layer(&counted, xdp)
}

/// Whether the packets of a transfer went as the router was told.
pub fn by_layer(counted: &Stats, xdp: Xdp) -> Evidence {
    match xdp {
        Xdp::Auto => at_once(counted, "xdp"),
        Xdp::Off => by_tc(counted),
        Xdp::Forward => at_once(counted, "tc"),
    }
}

/// From NIC to NIC in one layer.
fn at_once(counted: &Stats, layer: &str) -> Evidence {
    let of = |reason: &str| counted.packets(|count| count.layer == layer && count.reason == reason);
    let (cached, resolved) = (of("cached"), of("resolved"));
    let elsewhere = counted.packets(|count| {
        is_forwarding(&count.reason) && (count.layer != layer || count.reason == "delivered")
    });
    let mut lines = counted.lines();
    lines.push(share(
        &format!("forwarded by {}", layer.to_uppercase()),
        cached + resolved,
        elsewhere,
        counted,
    )?);
    lines.push(share(
        "of these by the cache alone",
        cached,
        resolved,
        counted,
    )?);
    Ok(lines)
}

/// Nothing by XDP, and something by TC.
fn by_tc(counted: &Stats) -> Evidence {
    let of =
        |layer: &str| counted.packets(|count| count.layer == layer && is_forwarding(&count.reason));
    let mut lines = counted.lines();
    let (tc, xdp) = (of("tc"), of("xdp"));
    ensure!(
        xdp == 0 && tc > 0,
        "{tc} packets by TC, {xdp} by XDP\n{}",
        lines.join("\n")
    );
    lines.push(format!("all {tc} forwarded by TC"));
    Ok(lines)
}

fn is_forwarding(reason: &str) -> bool {
    matches!(reason, "cached" | "resolved" | "delivered")
}

fn share(what: &str, these: u64, others: u64, counted: &Stats) -> Result<String> {
    #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
    let share = these as f64 / (these + others).max(1) as f64;
    let line = format!("{what}: {:.2} % of {}", share * 100.0, these + others);
    let is_few = others <= FEW && these > others;
    ensure!(
        share > SHARE || is_few,
        "{line}\n{}",
        counted.lines().join("\n")
    );
    Ok(line)
}
