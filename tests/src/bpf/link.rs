//! Links that somebody else pinned.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;

use anyhow::Result;

use super::call::{self, Command};
use super::program::Program;

/// The beginning of `union bpf_attr` for another program in a link.
#[repr(C)]
struct Update {
    link: u32,
    program: u32,
    flags: u32,
    old: u32,
}

/// The same for what an object says of itself.
#[repr(C)]
struct Ask {
    object: u32,
    length: u32,
    answer: u64,
}

/// The beginning of `struct bpf_link_info`.
#[repr(C)]
#[derive(Default)]
struct Info {
    kind: u32,
    id: u32,
    program: u32,
}

/// What keeps a program attached.
#[derive(Debug)]
pub struct Link(OwnedFd);

impl Link {
    /// Opens it.
    pub fn pinned(path: &Path) -> Result<Self> {
        call::open_pinned(path).map(Self)
    }

    /// The program that is attached.
    pub fn program(&self) -> Result<Program> {
        let mut info = Info::default();
        let mut ask = Ask {
            object: self.number(),
            length: u32::try_from(size_of::<Info>())?,
            answer: (&raw mut info) as u64,
        };
        call::bpf(Command::Info, &mut ask)?;
        Program::of(info.program)
    }

    /// Attaches another one in its place, from one packet to the next.
    pub fn update(&self, program: &Program) -> Result<()> {
        let mut update = Update {
            link: self.number(),
            program: program.descriptor(),
            flags: 0,
            old: 0,
        };
        call::bpf(Command::LinkUpdate, &mut update).map(drop)
    }

    fn number(&self) -> u32 {
        self.0.as_raw_fd().cast_unsigned()
    }
}
