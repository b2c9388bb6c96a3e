use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::{shell, workspace};

const LIMIT: usize = 400;

/// No source file is longer than one sitting.
pub fn check() -> Result<()> {
    let root = workspace::root()?;
    let listed = shell::read(
        "git",
        &[
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "*.rs",
        ],
    )
    .context("git does not list the sources")?;
    let mut too_long = Vec::new();
    // A file deleted and not yet committed is listed and not there.
    for name in listed.lines().filter(|name| root.join(name).exists()) {
        let lines = fs::read_to_string(root.join(name))?.lines().count();
        if lines > LIMIT {
            too_long.push(format!("{name}: {lines} lines"));
        }
    }
    ensure!(
        too_long.is_empty(),
        "over {LIMIT} lines:\n  {}",
        too_long.join("\n  ")
    );
    Ok(())
}
