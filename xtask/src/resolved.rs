//! systemd-resolved for the stories: unpacked, because installing it changes the machine's resolver.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::Result;

use crate::vm::debian;
use crate::workspace;

const PACKAGE: &str = "systemd-resolved";
const INSTALLED: &str = "/lib/systemd/systemd-resolved";

/// Puts the package's files where the stories look for them, unless the machine has them anyway.
pub fn ensure() -> Result<()> {
    let link = workspace::target()?.join(PACKAGE);
    if Path::new(INSTALLED).exists() || link.exists() {
        return Ok(());
    }
    let files = debian::unpacked(PACKAGE)?;
    if link.is_symlink() {
        fs::remove_file(&link)?;
    }
    Ok(symlink(files, link)?)
}
