use anyhow::{Result, ensure};

use crate::config::Xdp;
use crate::daemon::Daemon;
use crate::lab::Lab;
use crate::story::Evidence;

/// What `isatap-ctl status` says about the router and a host.
pub fn status(lab: &mut Lab, _xdp: Xdp) -> Evidence {
    let mut lines = of(lab.router()?)?;
    lines.push(String::new());
    lines.extend(of(lab.host_a()?)?);
    Ok(lines)
}

fn of(daemon: &Daemon) -> Result<Vec<String>> {
    let printed = daemon.ctl(&["status"])?;
    ensure!(
        !printed.trim().is_empty(),
        "status of {} is empty",
        daemon.device()
    );
    Ok(printed.lines().map(String::from).collect())
}
