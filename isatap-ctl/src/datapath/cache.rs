//! The forwarding caches of the CPUs, which the kernel lets processes map.
#![expect(unsafe_code, reason = "the kernel writes the memory as well")]

use std::{
    io,
    os::fd::{AsFd as _, AsRawFd as _},
    path::Path,
};

use aya::maps::MapData;
use isatap_common::{
    abi::{
        BLOCKS_LEN, Cache, Config, Counter, Direction, NEXT_HOPS_LEN, NextHop, Nic, Origin,
        SOURCES_LEN, Source, SourceBlock, Switches, WayBlock,
    },
    addr::{Address, Ipv4},
    path::ecn,
    wire::ipv4,
};
use memmap2::{MmapOptions, MmapRaw};

use super::{DatapathError, Nics};

/// Name of the map.
const NAME: &str = "NEXT_HOPS";

/// The cache of each CPU that the kernel may have, in the order of their numbers.
pub struct Caches {
    mapping: MmapRaw,
    cpus: usize,
}

/// CPUs that the kernel may have, which is what it calls them by.
pub(super) fn cpus() -> io::Result<usize> {
    aya::util::nr_cpus().map_err(|(file, error)| io::Error::other(format!("{file}: {error}")))
}

impl Caches {
    /// Those that are pinned in `directory`.
    pub fn pinned(directory: &Path) -> Result<Self, DatapathError> {
        Self::map(&MapData::from_pin(directory.join(NAME))?)
    }

    /// Those of a loaded map.
    pub(super) fn map(map: &MapData) -> Result<Self, DatapathError> {
        let cpus = cpus()?;
        let length = cpus * size_of::<Cache>();
        let mapping = MmapOptions::new()
            .len(length)
            .map_raw(map.fd().as_fd().as_raw_fd())?;
        Ok(Self { mapping, cpus })
    }

    /// Tells the programs what they need of the settings, and has no line believed that is now.
    pub fn configure(&mut self, config: &Config) {
        let switches = config.switches();
        let copied = ecn::copied(switches.has(Switches::COPY_DSCP));
        let common = ipv4::Common::new(switches.has(Switches::DYNAMIC_MTU), config.ttl);
        for cpu in 0..self.cpus {
            let cache = self.of(cpu);
            // SAFETY: inside the mapping. Each is one word, so programs see all of it or nothing;
            // nobody else writes them.
            unsafe {
                (&raw mut (*cache).copied).write_volatile(copied);
                (&raw mut (*cache).common).write_volatile(common.0);
                let clock = &raw mut (*cache).clock;
                clock.write_volatile(clock.read_volatile().ahead_of(config));
            }
        }
    }

    /// Tells the programs whose frames to forward. Returns whether that is news to them.
    pub fn set_nics(&mut self, nics: &Nics) -> bool {
        let mut changed = false;
        for cpu in 0..self.cpus {
            // SAFETY: the field of a cache in the mapping.
            let first = unsafe { (&raw mut (*self.of(cpu)).nics).cast::<Nic>() };
            for (slot, nic) in nics.table().enumerate() {
                // SAFETY: there are as many. Each is one word, as above, and nobody else writes them.
                unsafe {
                    let place = first.add(slot);
                    changed |= place.read_volatile() != nic;
                    place.write_volatile(nic);
                }
            }
        }
        changed
    }

    /// What XDP forwarded as the caches said.
    pub fn forwarded(&self, direction: Direction) -> Counter {
        let of = |cpu| {
            // SAFETY: inside the mapping, one for each direction.
            unsafe {
                let counters = (&raw const (*self.of(cpu)).forwarded).cast::<Counter>();
                counters.add(direction as usize).read_volatile()
            }
        };
        (0..self.cpus)
            .map(of)
            .fold(Counter::default(), Counter::and)
    }

    /// Packets from native addresses that the router `remote` forwarded, as far as they are not in
    /// `PEERS` yet.
    pub fn forwarded_by(&self, remote: Ipv4) -> u64 {
        let index = Source::index(Origin::ANY_NATIVE, remote) as usize;
        let of = |cpu| {
            // SAFETY: an index has no more bits than the table has lines, and any octets are one.
            let line = unsafe {
                let lines = (&raw const (*self.of(cpu)).sources).cast::<Source>();
                lines.add(index).read_volatile()
            };
            let is_its = line.prefix == Origin::ANY_NATIVE && line.ends.source == remote;
            if is_its { line.heard.packets() } else { 0 }
        };
        (0..self.cpus).map(of).sum()
    }

    /// Packets to the inner address `to`, likewise.
    pub fn sent(&self, to: Address) -> u64 {
        let index = NextHop::index(to) as usize;
        let of = |cpu| {
            // SAFETY: as above.
            let line = unsafe {
                let lines = (&raw const (*self.of(cpu)).next_hops).cast::<NextHop>();
                lines.add(index).read_volatile()
            };
            if line.is_of(to) {
                line.sent.packets()
            } else {
                0
            }
        };
        (0..self.cpus).map(of).sum()
    }

    /// Every line about a host, with the CPU that filled it. Programs write meanwhile, so one that is
    /// just being filled may be half old.
    pub fn sources(&self) -> impl Iterator<Item = (usize, Source)> {
        // SAFETY: the field of a cache in the mapping.
        self.lines(SOURCES_LEN, |cache| unsafe {
            (&raw const (*cache).sources).cast()
        })
    }

    /// Every line about a way out, likewise.
    pub fn next_hops(&self) -> impl Iterator<Item = (usize, NextHop)> {
        // SAFETY: as above.
        self.lines(NEXT_HOPS_LEN, |cache| unsafe {
            (&raw const (*cache).next_hops).cast()
        })
    }

    /// Every line about a block of hosts, likewise.
    pub fn source_blocks(&self) -> impl Iterator<Item = (usize, SourceBlock)> {
        // SAFETY: as above.
        self.lines(BLOCKS_LEN, |cache| unsafe {
            (&raw const (*cache).source_blocks).cast()
        })
    }

    /// Every line about the way to a block of hosts, likewise.
    pub fn way_blocks(&self) -> impl Iterator<Item = (usize, WayBlock)> {
        // SAFETY: as above.
        self.lines(BLOCKS_LEN, |cache| unsafe {
            (&raw const (*cache).way_blocks).cast()
        })
    }

    fn lines<Line: Copy>(
        &self,
        length: u32,
        table: fn(*const Cache) -> *const Line,
    ) -> impl Iterator<Item = (usize, Line)> {
        (0..self.cpus).flat_map(move |cpu| {
            let first = table(self.of(cpu));
            (0..length as usize).map(move |index| {
                // SAFETY: the table has that many lines, and any octets are one.
                (cpu, unsafe { first.add(index).read_volatile() })
            })
        })
    }

    /// The cache of a CPU.
    #[expect(clippy::cast_ptr_alignment, reason = "a mapping starts with a page")]
    fn of(&self, cpu: usize) -> *mut Cache {
        // SAFETY: there is one for each of the CPUs in the mapping.
        unsafe { self.mapping.as_mut_ptr().cast::<Cache>().add(cpu) }
    }
}
