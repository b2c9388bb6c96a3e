//! What labs leave that were killed before they could clean up.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::names::PREFIX;
use crate::{ns, pins};

/// The file in a lab's directory that names its ISATAP devices, one a line.
pub const DEVICES: &str = "devices";

/// Removes namespaces, pins and directories of labs whose process is gone.
pub fn stale() -> Result<()> {
    for namespace in entries(Path::new(ns::DIRECTORY)).filter(|path| is_stale(path)) {
        ns::remove(&name(&namespace))?;
    }
    for directory in entries(&std::env::temp_dir()).filter(|path| is_stale(path)) {
        let devices = fs::read_to_string(directory.join(DEVICES)).unwrap_or_default();
        devices
            .lines()
            .filter(|device| !device.is_empty())
            .for_each(pins::remove);
        fs::remove_dir_all(&directory)?;
    }
    Ok(())
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn is_stale(path: &Path) -> bool {
    let name = name(path);
    let process = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split('-').next());
    let process = process.and_then(|word| word.parse::<u32>().ok());
    process.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists())
}
