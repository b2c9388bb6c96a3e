use std::time::Duration;

use anyhow::Context as _;

use crate::config::Xdp;
use crate::forge;
use crate::interrupt;
use crate::lab::Lab;
use crate::packet::{Inner, Outer};
use crate::site::{HOST_A, HOST_B, ROUTER, SERVER, isatap_address};
use crate::stats::Stats;
use crate::story::Evidence;

const REASON: &str = "src_mismatch";

/// Host b claims to be host a: its inner source embeds an IPv4 address that is not the outer one.
pub fn forged(lab: &mut Lab, _xdp: Xdp) -> Evidence {
    let router = lab.router()?;
    let before = Stats::read(router)?.of_reason(REASON);
    let inner = Inner::new(isatap_address(HOST_A), SERVER)
        .echo_request(1, 1, b"forged")
        .packet()?;
    forge::send(
        &lab.site.host_b,
        ROUTER,
        &Outer::new(HOST_B, ROUTER).packet(&inner)?,
    )?;
    let mut after = before;
    interrupt::poll(Duration::from_secs(30), || {
        after = Stats::read(router)?.of_reason(REASON);
        Ok((after == before + 1).then_some(()))
    })?
    .with_context(|| {
        format!(
            "{REASON} went from {before} to {after}, not to {}",
            before + 1
        )
    })?;
    Ok(vec![
        format!(
            "sent      {HOST_B} > {ROUTER}: {} > {SERVER}, echo request",
            isatap_address(HOST_A)
        ),
        format!("dropped   {REASON} {before} → {after}"),
    ])
}
