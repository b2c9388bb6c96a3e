//! The file system of pinned programs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use nix::fcntl::{Flock, FlockArg};
use nix::mount::{MsFlags, mount};
use nix::sys::statfs::{BPF_FS_MAGIC, statfs};

const ROOT: &str = "/sys/fs/bpf";
const OURS: &str = "/sys/fs/bpf/isatap";

/// Where the pins of one ISATAP device are.
pub fn directory(device: &str) -> PathBuf {
    Path::new(OURS).join(device)
}

/// Where a map of an ISATAP device is pinned, below the directory of its layout.
pub fn map(device: &str, name: &str) -> Result<PathBuf> {
    let pins = directory(device);
    for layout in fs::read_dir(&pins)? {
        let map = layout?.path().join(name);
        if map.exists() {
            return Ok(map);
        }
    }
    bail!("no map {name} below {}", pins.display())
}

/// The mounted file system; what the lab pinned is removed with this value. The mount stays: other labs
/// may have pins there, which would go with it.
#[derive(Debug)]
pub struct Pins {
    devices: Vec<String>,
}

impl Pins {
    /// Mounts it if nobody has.
    pub fn prepare(devices: &[String]) -> Result<Self> {
        // As the daemon does it, so that no two are mounted.
        let lock = Flock::lock(File::open(ROOT)?, FlockArg::LockExclusive);
        let _lock = lock.map_err(|(_, error)| error)?;
        let there = statfs(ROOT)?.filesystem_type() == BPF_FS_MAGIC;
        if !there {
            let kind = Some("bpf");
            mount(kind, ROOT, kind, MsFlags::empty(), None::<&str>)
                .with_context(|| format!("mounting {ROOT}"))?;
        }
        let devices = devices.to_vec();
        Ok(Self { devices })
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        for device in &self.devices {
            remove(device);
        }
        // Somebody else's pins keep the directory.
        let _ = fs::remove_dir(OURS);
    }
}

/// Removes the pins of a device, and says so, because `down` should have done it.
pub fn remove(device: &str) {
    let directory = directory(device);
    if !directory.exists() {
        return;
    }
    match fs::remove_dir_all(&directory) {
        Ok(()) => eprintln!("removed {}, which was left behind", directory.display()),
        Err(error) => eprintln!("{}: {error}", directory.display()),
    }
}
