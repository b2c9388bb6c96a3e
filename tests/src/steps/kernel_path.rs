use anyhow::{Context as _, Result, ensure};

use super::layers::by_layer;
use super::native::{self, Native};
use crate::config::Xdp;
use crate::lab::Lab;
use crate::site::SERVER;
use crate::stats::Stats;
use crate::story::Evidence;
use crate::traffic::{Amount, Way, gigabits, tcp};

const ROUNDS: usize = 5;
const SECONDS: u32 = 2;
/// What the tunnel must reach of native IPv6.
const LEAST: f64 = 0.8;

/// The router without its fast path: the layers below do the whole job, nearly as fast as IPv6
/// that needs no tunnel. Afterwards the router is as it was.
pub fn kernel_path(lab: &mut Lab, xdp: Xdp) -> Evidence {
    beside_native(lab, Xdp::Off, xdp)
}

/// The same with the router that forwards from NIC to NIC in traffic control.
pub fn forward_path(lab: &mut Lab, xdp: Xdp) -> Evidence {
    beside_native(lab, Xdp::Forward, xdp)
}

fn beside_native(lab: &mut Lab, meanwhile: Xdp, afterwards: Xdp) -> Evidence {
    lab.restart_router(meanwhile)?;
    lab.site.finish_checksums(false)?;
    let measured = measure(lab, meanwhile);
    lab.site.finish_checksums(true)?;
    lab.restart_router(afterwards)?;
    measured
}

fn measure(lab: &Lab, xdp: Xdp) -> Evidence {
    let before = Stats::read(lab.router()?)?;
    let (mut natives, mut tunnels, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    {
        let _native = Native::add(&lab.site)?;
        // Interleaved, so that a busy moment of the machine meets both.
        for _ in 0..ROUNDS {
            let native = rate(lab, native::SERVER)?;
            let tunnel = rate(lab, &SERVER.to_string())?;
            natives.push(native);
            tunnels.push(tunnel);
            ratios.push(tunnel / native);
        }
    }
    let counted = Stats::read(lab.router()?)?.since(&before);
    let (native, tunnel) = (median(&mut natives)?, median(&mut tunnels)?);
    let ratio = median(&mut ratios)?;
    let line = format!(
        "native {}, tunnel {}, ratio {ratio:.2} (medians of {ROUNDS})",
        gigabits(native),
        gigabits(tunnel)
    );
    let mut lines = by_layer(&counted, xdp)?;
    ensure!(
        ratio >= LEAST,
        "{line}, must be {LEAST}\n{}",
        lines.join("\n")
    );
    lines.push(line);
    Ok(lines)
}

fn rate(lab: &Lab, server: &str) -> Result<f64> {
    let log = lab.file("iperf3.log");
    tcp(
        &lab.site.host_a,
        &lab.site.server,
        server,
        Way::Upload,
        Amount::Seconds(SECONDS),
        &log,
    )
}

fn median(rates: &mut [f64]) -> Result<f64> {
    rates.sort_by(f64::total_cmp);
    rates
        .get(rates.len() / 2)
        .copied()
        .context("nothing was measured")
}
