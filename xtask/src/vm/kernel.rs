//! Debian's kernels for virtual machines.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::{debian, modules};

/// Series, and the package that names the newest kernel of it.
pub const SERIES: [(&str, &str); 2] = [
    ("6.1", "linux-image-cloud-amd64"),
    ("6.12", "linux-image-6.12-cloud-amd64"),
];

/// A kernel with its modules.
#[derive(Debug)]
pub struct Kernel {
    /// As it is asked for: `6.1`.
    pub series: &'static str,
    /// As `uname -r` tells: `6.1.0-56-cloud-amd64`.
    pub release: String,
    /// What the machine boots.
    pub image: PathBuf,
    /// Module files in the order in which they are loaded.
    pub modules: Vec<PathBuf>,
}

impl Kernel {
    /// The newest of a series.
    pub fn fetch(series: &'static str) -> Result<Self> {
        let (_, newest) = SERIES
            .iter()
            .find(|(name, _)| *name == series)
            .with_context(|| format!("no kernel series {series}"))?;
        let name = debian::dependency(newest, &format!("linux-image-{series}."))?;
        let directory = debian::unpacked(&name)?;
        let release = name.trim_start_matches("linux-image-").to_owned();
        let image = directory.join("boot").join(format!("vmlinuz-{release}"));
        fs::metadata(&image).with_context(|| image.display().to_string())?;
        Ok(Self {
            series,
            modules: modules::ordered(&directory, &release)?,
            image,
            release,
        })
    }
}
