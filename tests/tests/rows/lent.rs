//! The loaded programs, which a test takes over from one that has ended: to have them verified takes longer
//! than to run them. Where each test is a process of its own, each loads its own.

use std::{
    ops::{Deref, DerefMut},
    path::Path,
    sync::{Mutex, PoisonError},
    thread,
};

use aya::maps::{MapData, MapType};
use isatap_common::abi::{PEERS_LEN, UNCACHED_LEN};
use isatap_ctl::datapath::{Datapath, Spec, specs};
use isatap_tests::bpf::{Program, map::Map};

/// Those that no test has.
static SPARE: Mutex<Vec<Loaded>> = Mutex::new(Vec::new());

struct Loaded {
    datapath: Datapath,
    maps: Vec<(Spec, MapData)>,
    /// What `UNCACHED` holds, by number, after loading.
    uncached: Vec<u32>,
}

/// Loaded programs for one test.
pub struct Lent(Option<Loaded>);

impl Lent {
    /// With maps as if just made, pinned in the directory.
    pub fn pinned(directory: &Path) -> Self {
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let loaded = match spare {
            Some(loaded) => {
                loaded.renew(directory);
                loaded
            }
            None => Loaded::load(directory),
        };
        Self(Some(loaded))
    }
}

impl Deref for Lent {
    type Target = Datapath;

    fn deref(&self) -> &Datapath {
        &self.0.as_ref().unwrap().datapath
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Datapath {
        &mut self.0.as_mut().unwrap().datapath
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let loaded = self.0.take().filter(|_| !thread::panicking());
        SPARE
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(loaded);
    }
}

impl Loaded {
    fn load(directory: &Path) -> Self {
        let datapath = Datapath::load(directory, PEERS_LEN).unwrap();
        let pin = |spec: Spec| (spec, MapData::from_pin(directory.join(spec.name)).unwrap());
        let programs = Map::pinned(&directory.join("UNCACHED")).unwrap();
        let number = |index: u32| {
            let mut number = [0; 4];
            programs.get(&index.to_ne_bytes(), &mut number).unwrap();
            u32::from_ne_bytes(number)
        };
        Self {
            datapath,
            maps: specs(PEERS_LEN).map(pin).into(),
            uncached: (0..UNCACHED_LEN).map(number).collect(),
        }
    }

    /// Pins the maps, and leaves in them what loading does.
    fn renew(&self, directory: &Path) {
        for (spec, data) in &self.maps {
            let path = directory.join(spec.name);
            data.pin(&path).unwrap();
            self.empty(spec, &Map::pinned(&path).unwrap());
        }
    }

    fn empty(&self, spec: &Spec, map: &Map) {
        let entries = spec.max_entries().unwrap();
        match spec.kind {
            MapType::Array | MapType::PerCpuArray => {
                map.zero(entries, octets(spec)).unwrap();
            }
            MapType::ProgramArray => {
                for (index, number) in (0_u32..).zip(&self.uncached) {
                    let program = Program::of(*number).unwrap();
                    let descriptor = program.descriptor().to_ne_bytes();
                    map.set(&index.to_ne_bytes(), &descriptor).unwrap();
                }
            }
            // No program of a row says anything.
            MapType::RingBuf => {}
            _ => map.clear(spec.key).unwrap(),
        }
    }
}

/// Of what the kernel takes for one index.
fn octets(spec: &Spec) -> usize {
    let value = usize::try_from(spec.value).unwrap();
    if spec.kind == MapType::PerCpuArray {
        value.next_multiple_of(8) * aya::util::nr_cpus().unwrap()
    } else {
        value
    }
}
