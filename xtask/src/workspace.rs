//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The root of the repository.
pub fn root() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.parent().context("xtask has no parent directory")?;
    Ok(root.to_path_buf())
}

/// Where cargo builds.
pub fn target() -> Result<PathBuf> {
    let root = root()?;
    Ok(env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir)))
}

/// A program of the release build.
pub fn release(program: &str) -> Result<PathBuf> {
    Ok(target()?.join("release").join(program))
}
