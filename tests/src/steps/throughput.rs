use anyhow::ensure;

use crate::config::Xdp;
use crate::lab::Lab;
use crate::site::{HOST_B, SERVER, isatap_address};
use crate::story::Evidence;
use crate::traffic::{Amount, Way, gigabits, tcp};

/// Far below any machine, far above a connection that lives on retransmissions.
const LEAST: f64 = 20e6;

/// TCP between host and server both ways, and between hosts.
pub fn throughput(lab: &mut Lab, _xdp: Xdp) -> Evidence {
    let site = &lab.site;
    let log = lab.file("iperf3.log");
    let (server, b) = (SERVER.to_string(), isatap_address(HOST_B).to_string());
    let rows = [
        (
            "a → server",
            tcp(
                &site.host_a,
                &site.server,
                &server,
                Way::Upload,
                Amount::Seconds(2),
                &log,
            )?,
        ),
        (
            "server → a",
            tcp(
                &site.host_a,
                &site.server,
                &server,
                Way::Download,
                Amount::Seconds(2),
                &log,
            )?,
        ),
        (
            "a → b",
            tcp(
                &site.host_a,
                &site.host_b,
                &b,
                Way::Upload,
                Amount::Seconds(2),
                &log,
            )?,
        ),
    ];
    for (what, rate) in rows {
        ensure!(rate > LEAST, "{what}: only {}", gigabits(rate));
    }
    Ok(rows
        .map(|(what, rate)| format!("{what:<12} {}", gigabits(rate)))
        .to_vec())
}
