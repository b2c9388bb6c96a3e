//! The cached path of our XDP program in C, to be measured in its place.

use std::path::Path;

use anyhow::Result;

use super::bed::Bed;
use crate::bpf::{Link, Program};
use crate::{exec, pins};

/// The maps that it shares with the original.
const MAPS: [&str; 3] = ["LINKS", "NEXT_HOPS", "UNCACHED"];
/// Where it is pinned for a moment.
const PIN: &str = "/sys/fs/bpf/isatap-bench-twin";

/// The loaded program, and the links of the original.
#[derive(Debug)]
pub struct Twin {
    program: Program,
    links: Vec<Link>,
}

impl Twin {
    /// Loads it from an object file with the maps of a bed's daemon.
    pub fn load(object: &Path, bed: &Bed) -> Result<Self> {
        let device = bed.daemon()?.device();
        let mut words = vec![format!("bpftool prog load {} {PIN}", object.display())];
        for name in MAPS {
            let map = pins::map(device, name)?;
            words.push(format!("map name {name} pinned {}", map.display()));
        }
        exec::line(&words.join(" "))?;
        let program = Program::pinned(Path::new(PIN));
        std::fs::remove_file(PIN)?;
        let links = [&bed.nics.uplink, &bed.nics.native].map(|nic| {
            let pin = pins::map(device, &format!("link_xdp_{}", nic.ifindex))?;
            Link::pinned(&pin)
        });
        Ok(Self {
            program: program?,
            links: links.into_iter().collect::<Result<_>>()?,
        })
    }

    /// Puts it where the original is, as long as what is returned lives.
    pub fn put(&self) -> Result<Put<'_>> {
        let mut put = Put {
            originals: Vec::new(),
        };
        for link in &self.links {
            let original = link.program()?;
            link.update(&self.program)?;
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
