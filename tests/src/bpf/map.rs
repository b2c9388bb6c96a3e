//! Maps.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use anyhow::Result;

use super::call::{self, Command};
use super::program::Program;

/// `BPF_MAP_TYPE_ARRAY`, `BPF_MAP_TYPE_PROG_ARRAY` and `BPF_MAP_TYPE_DEVMAP`.
const ARRAY: u32 = 2;
const PROGRAMS: u32 = 3;
const DEVICES: u32 = 14;

/// The beginning of `union bpf_attr`.
#[repr(C)]
struct Create {
    kind: u32,
    key: u32,
    value: u32,
    entries: u32,
}

/// The same for an entry.
#[repr(C)]
struct Entry {
    map: u32,
    padding: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// Any map.
#[derive(Debug)]
pub struct Map(OwnedFd);

impl Map {
    fn create(kind: u32, value: u32) -> Result<Self> {
        let mut create = Create {
            kind,
            key: 4,
            value,
            entries: 1,
        };
        call::open(Command::MapCreate, &mut create).map(Self)
    }

    /// A device map with one device; its number is one of the namespace of the calling thread.
    pub fn device(ifindex: u32) -> Result<Self> {
        let map = Self::create(DEVICES, 4)?;
        map.set(&[0; 4], &ifindex.to_ne_bytes())?;
        Ok(map)
    }

    /// A map of programs with one to go on in.
    pub fn program(program: &Program) -> Result<Self> {
        let map = Self::create(PROGRAMS, 4)?;
        map.set(&[0; 4], &program.descriptor().to_ne_bytes())?;
        Ok(map)
    }

    /// One that somebody else pinned.
    pub fn pinned(path: &Path) -> Result<Self> {
        call::open_pinned(path).map(Self)
    }

    /// Writes an entry, whose size must be the map's.
    pub fn set(&self, key: &[u8], value: &[u8]) -> Result<()> {
        let mut entry = self.entry(key.as_ptr() as u64, value.as_ptr() as u64);
        call::bpf(Command::MapUpdate, &mut entry).map(drop)
    }

    fn entry(&self, key: u64, value: u64) -> Entry {
        Entry {
            map: self.0.as_raw_fd().cast_unsigned(),
            padding: 0,
            key,
            value,
            flags: 0,
        }
    }
}

impl AsFd for Map {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A number that programs add to.
#[derive(Debug)]
pub struct Counter(Map);

impl Counter {
    /// At zero.
    pub fn new() -> Result<Self> {
        Map::create(ARRAY, 8).map(Self)
    }

    /// Its value.
    pub fn read(&self) -> Result<u64> {
        let key = [0_u8; 4];
        let mut value = [0_u8; 8];
        let mut entry = self.0.entry(key.as_ptr() as u64, value.as_mut_ptr() as u64);
        call::bpf(Command::MapLookup, &mut entry)?;
        Ok(u64::from_ne_bytes(value))
    }
}

impl AsFd for Counter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
