//! What the guest's kernel has to load, in order.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::shell;

/// What the cases and the way to bring results out need.
const WANTED: [&str; 9] = [
    "8021q",
    "cls_bpf",
    "nf_tables",
    "sch_ingress",
    "sit",
    "tun",
    "veth",
    "virtio_console",
    "virtio_pci",
];

/// The files of the wanted modules and of those they need, each after what it needs; what is built
/// into the kernel has none.
pub fn ordered(package: &Path, release: &str) -> Result<Vec<PathBuf>> {
    let base = package.to_string_lossy();
    if !package
        .join("lib/modules")
        .join(release)
        .join("modules.dep")
        .exists()
    {
        shell::run("depmod", &["-b", &base, release])?;
    }
    let mut show = vec!["-d", &base, "-S", release, "--show-depends", "-a"];
    show.extend(WANTED);
    let listed = shell::read("modprobe", &show)
        .with_context(|| format!("modprobe knows not all modules of {release}"))?;
    let mut files: Vec<PathBuf> = Vec::new();
    for file in listed
        .lines()
        .filter_map(|line| line.strip_prefix("insmod "))
    {
        let file = PathBuf::from(file.trim());
        if !files.contains(&file) {
            files.push(file);
        }
    }
    Ok(files)
}
