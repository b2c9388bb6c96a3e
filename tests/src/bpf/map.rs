//! Maps.

use std::io;
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

/// The same for many entries.
#[repr(C)]
#[derive(Default)]
struct Batch {
    first: u64,
    last: u64,
    keys: u64,
    values: u64,
    count: u32,
    map: u32,
    entry_flags: u64,
    flags: u64,
}

/// Octets of values that are written at once.
const AT_ONCE: usize = 1 << 20;

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

    /// Reads an entry, whose size must be the map's.
    pub fn get(&self, key: &[u8], value: &mut [u8]) -> Result<()> {
        let mut entry = self.entry(key.as_ptr() as u64, value.as_mut_ptr() as u64);
        call::bpf(Command::MapLookup, &mut entry).map(drop)
    }

    /// Makes every value of an array zero; `octets` is what the kernel takes for one index.
    pub fn zero(&self, entries: u32, octets: usize) -> Result<()> {
        let indexes: Vec<u32> = (0..entries).collect();
        for keys in indexes.chunks((AT_ONCE / octets).max(1)) {
            let values = vec![0_u8; keys.len() * octets];
            let mut batch = Batch {
                keys: keys.as_ptr() as u64,
                values: values.as_ptr() as u64,
                count: u32::try_from(keys.len())?,
                map: self.0.as_raw_fd().cast_unsigned(),
                ..Batch::default()
            };
            call::bpf(Command::MapUpdateBatch, &mut batch)?;
        }
        Ok(())
    }

    /// Removes every entry of a map with keys of that length, which must be no array.
    pub fn clear(&self, length: u32) -> Result<()> {
        let length = usize::try_from(length)?;
        let mut found = self.after(None, length)?;
        while let Some(key) = found {
            // A walk from an entry that is gone begins anew.
            found = self.after(Some(&key), length)?;
            let mut entry = self.entry(key.as_ptr() as u64, 0);
            call::bpf(Command::MapDelete, &mut entry)?;
        }
        Ok(())
    }

    /// The key after this one, or the first.
    fn after(&self, key: Option<&[u8]>, length: usize) -> Result<Option<Vec<u8>>> {
        let mut next = vec![0_u8; length];
        let key = key.map_or(0, |key| key.as_ptr() as u64);
        let mut entry = self.entry(key, next.as_mut_ptr() as u64);
        match call::bpf(Command::MapNextKey, &mut entry) {
            Ok(_) => Ok(Some(next)),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(error),
        }
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

fn is_not_found(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
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
        let mut value = [0_u8; 8];
        self.0.get(&[0; 4], &mut value)?;
        Ok(u64::from_ne_bytes(value))
    }
}

impl AsFd for Counter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
