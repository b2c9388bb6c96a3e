//! The least that a tunnel can do, in C: what a processor takes for that much.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::bed::Bed;
use crate::bpf::Program;
use crate::bpf::map::Map;
use crate::exec;

/// Where programs and their map are pinned for a moment.
const PINS: &str = "/sys/fs/bpf/isatap-bench-stateless";

/// The loaded programs.
#[derive(Debug)]
pub struct Stateless {
    /// Takes outer headers away, and sends out of the native link.
    pub inward: Program,
    /// Adds them, and sends out of the uplink.
    pub outward: Program,
}

impl Stateless {
    /// Loads them from an object file, for the NICs of a bed.
    pub fn load(object: &Path, bed: &Bed) -> Result<Self> {
        let maps = format!("{PINS}-maps");
        let object = object.display();
        exec::line(&format!(
            "bpftool prog loadall {object} {PINS} pinmaps {maps}"
        ))?;
        let devices = Map::pinned(&Path::new(&maps).join("DEVICES"));
        let program = |name: &str| {
            Program::pinned(&Path::new(PINS).join(name)).with_context(|| format!("no {name}"))
        };
        let (inward, outward) = (program("stateless_in"), program("stateless_out"));
        fs::remove_dir_all(PINS)?;
        fs::remove_dir_all(&maps)?;
        let devices = devices?;
        for (at, nic) in (0_u32..).zip([&bed.nics.native, &bed.nics.uplink]) {
            let device = u64::from(nic.ifindex).to_ne_bytes();
            nic.inside
                .enter(|| devices.set(&at.to_ne_bytes(), &device))?;
        }
        Ok(Self {
            inward: inward?,
            outward: outward?,
        })
    }
}
