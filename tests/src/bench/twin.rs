//! The cached paths of our XDP programs in C, to be measured in their places.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::bed::Bed;
use crate::bpf::{Link, Program};
use crate::{exec, pins};

/// The maps that they share with the originals.
const MAPS: [&str; 3] = ["LINKS", "NEXT_HOPS", "UNCACHED"];
/// Where they are pinned for a moment.
const PINS: &str = "/sys/fs/bpf/isatap-bench-twin";

/// The loaded programs, each with the link of its original.
#[derive(Debug)]
pub struct Twin([(Link, Program); 2]);

impl Twin {
    /// Loads them from an object file with the maps of a bed's daemon.
    pub fn load(object: &Path, bed: &Bed) -> Result<Self> {
        let device = bed.daemon()?.device();
        let mut words = vec![format!("bpftool prog loadall {} {PINS}", object.display())];
        for name in MAPS {
            let map = pins::map(device, name)?;
            words.push(format!("map name {name} pinned {}", map.display()));
        }
        exec::line(&words.join(" "))?;
        let pair = |name: &str, nic: u32| -> Result<_> {
            let link = Link::pinned(&pins::map(device, &format!("link_xdp_{nic}"))?)?;
            Ok((link, Program::pinned(&Path::new(PINS).join(name))?))
        };
        let inward = pair("isatap_twin_in", bed.nics.uplink.ifindex);
        let outward = pair("isatap_twin_out", bed.nics.native.ifindex);
        fs::remove_dir_all(PINS)?;
        Ok(Self([inward?, outward?]))
    }

    /// Puts each where its original is, as long as what is returned lives.
    pub fn put(&self) -> Result<Put<'_>> {
        let mut put = Put {
            originals: Vec::new(),
        };
        for (link, program) in &self.0 {
            let original = link.program()?;
            link.update(program)?;
            put.originals.push((link, original));
        }
        Ok(put)
    }
}

/// What is to be put back.
#[derive(Debug)]
pub struct Put<'twin> {
    originals: Vec<(&'twin Link, Program)>,
}

impl Drop for Put<'_> {
    fn drop(&mut self) {
        for (link, original) in &self.originals {
            if let Err(error) = link.update(original) {
                eprintln!("the original program is not put back: {error:#}");
            }
        }
    }
}
