//! `cargo xtask run`.

use std::os::unix::process::CommandExt as _;
use std::path::{self, Path};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{packages, setup, shell, workspace};

/// The lab: hosts, a router and a server in namespaces of this machine.
pub fn lab(once: bool, without_xdp: bool) -> Result<()> {
    require_root("the lab makes network namespaces")?;
    setup::for_lab()?;
    shell::run(
        "cargo",
        &[
            "build",
            "--release",
            "--bins",
            "-p",
            "isatap-ctl",
            "-p",
            "isatap-tests",
        ],
    )?;
    let mut lab = Command::new(workspace::release("isatap-lab")?);
    lab.arg("--isatap-ctl")
        .arg(workspace::release("isatap-ctl")?);
    if once {
        lab.arg("--once");
    }
    if without_xdp {
        lab.args(["--xdp", "off"]);
    }
    become_it(lab)
}

/// The daemon on this machine.
pub fn daemon(config: &Path) -> Result<()> {
    require_root("the daemon loads programs into the kernel")?;
    let config = path::absolute(config)?;
    setup::for_building()?;
    shell::run("cargo", &["build", "--release", "-p", "isatap-ctl"])?;
    let mut daemon = Command::new(workspace::release("isatap-ctl")?);
    daemon.arg("run").arg("--config").arg(config);
    become_it(daemon)
}

fn require_root(reason: &str) -> Result<()> {
    if !packages::is_root() {
        bail!("{reason} and needs root");
    }
    Ok(())
}

/// Replaces this process, so that signals and the exit code are the program's own.
fn become_it(mut command: Command) -> Result<()> {
    println!("$ {command:?}");
    let error = command.exec();
    Err(error).with_context(|| format!("{command:?} does not start"))
}
