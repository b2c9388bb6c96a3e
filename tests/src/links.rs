//! Which programs are attached, as the kernel tells it through bpftool.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{exec, pins};

/// A pinned attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The name of the pin.
    pub name: String,
    /// Its number, which stays while nothing is detached.
    pub id: u64,
    /// The number of the program that runs there.
    pub program: u64,
}

/// All pinned attachments of a device, by name.
pub fn of(device: &str) -> Result<Vec<Link>> {
    let mut links = Vec::new();
    let mut directories = vec![pins::directory(device)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if let Some(link) = read(&path.to_string_lossy())? {
                links.push(link);
            }
        }
    }
    links.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(links)
}

/// `None` for pins of another kind.
fn read(path: &str) -> Result<Option<Link>> {
    let shown = exec::output(
        std::process::Command::new("bpftool").args(["-j", "link", "show", "pinned", path]),
    )?;
    if shown.code != Some(0) {
        return Ok(None);
    }
    let link: Value = serde_json::from_str(&shown.stdout)?;
    let number = |name| link.get(name).and_then(Value::as_u64);
    let name = path.rsplit('/').next().unwrap_or(path).to_string();
    Ok(number("id")
        .zip(number("prog_id"))
        .map(|(id, program)| Link { name, id, program }))
}
