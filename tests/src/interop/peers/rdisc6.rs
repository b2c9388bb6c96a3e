//! rdisc6: one solicitation.

use std::net::Ipv6Addr;

use anyhow::{Result, ensure};

use crate::ns::Inside;

/// Solicits `router` on a device and returns what was advertised, in its words.
pub fn rdisc6(inside: &Inside, router: Ipv6Addr, device: &str) -> Result<String> {
    let output = inside.output(&format!("rdisc6 --single --numeric {router} {device}"))?;
    ensure!(
        output.code == Some(0),
        "rdisc6 got no answer: {}{}",
        output.stdout,
        output.stderr
    );
    Ok(output.stdout)
}
