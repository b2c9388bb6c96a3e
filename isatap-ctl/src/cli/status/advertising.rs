use anyhow::Result;

use super::text::heading;
use crate::cli::Output;
use crate::cli::columns::Columns;
use crate::control::{AdvertisingStatus, AnsweredStatus};

/// What a router advertises, and to whom.
pub(super) fn print(status: &AdvertisingStatus, output: &mut Output<'_>) -> Result<()> {
    heading("advertisements", output)?;
    if !status.forwarding {
        let off = "IPv6 forwarding is off: hosts are told that this is no default router";
        writeln!(output.to, "{}", output.style.bad(off))?;
    }
    if status.withdrawing > 0 {
        let count = status.withdrawing;
        writeln!(output.to, "withdrawing {count} of the configuration before")?;
    }
    let mut columns = Columns::new([
        "sent",
        "hosts",
        "waiting",
        "solicited",
        "merged",
        "refused",
        "lost",
    ]);
    let row = [
        status.sent,
        status.hosts,
        status.waiting,
        status.solicited,
        status.merged,
        status.refused,
        status.lost,
    ];
    columns.row(row.map(|count| count.to_string()));
    columns.print(output.to, output.style)?;
    if !status.latest.is_empty() {
        hosts(&status.latest, output)?;
    }
    Ok(())
}

fn hosts(latest: &[AnsweredStatus], output: &mut Output<'_>) -> Result<()> {
    heading("last advertised to", output)?;
    let mut columns = Columns::new(["ipv4", "address", "ago"]);
    for host in latest {
        columns.row([
            host.ipv4.to_string(),
            host.address.to_string(),
            format!("{}s", host.seconds),
        ]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}
