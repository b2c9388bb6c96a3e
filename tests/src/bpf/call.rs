//! The system call bpf(2).
#![expect(unsafe_code, reason = "the system call takes a C union")]

use std::ffi::CString;
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};
use std::path::Path;

use anyhow::{Context as _, Result};
use nix::libc;

/// What the kernel is asked for.
#[derive(Clone, Copy, Debug)]
#[repr(i64)]
pub enum Command {
    MapCreate = 0,
    MapLookup = 1,
    MapUpdate = 2,
    MapDelete = 3,
    MapNextKey = 4,
    Load = 5,
    Pin = 6,
    Open = 7,
    TestRun = 10,
    OpenProgram = 13,
    Info = 15,
    MapUpdateBatch = 26,
    Link = 28,
    LinkUpdate = 29,
}

/// The beginning of `union bpf_attr` for a pinned object.
#[repr(C)]
#[derive(Default)]
struct Open {
    path: u64,
    descriptor: u32,
    flags: u32,
}

/// Opens what somebody pinned.
pub fn open_pinned(path: &Path) -> Result<OwnedFd> {
    let path = CString::new(path.to_string_lossy().as_bytes())?;
    let mut attribute = Open {
        path: path.as_ptr() as u64,
        ..Open::default()
    };
    open(Command::Open, &mut attribute)
}

/// `attribute` is the beginning of the union as the command wants it; the kernel takes the rest as
/// zero.
pub fn bpf<T>(command: Command, attribute: &mut T) -> Result<RawFd> {
    let attribute = &raw mut *attribute;
    // SAFETY: the structure is the beginning of the union that the command takes, and what it
    // points to outlives the call.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command as libc::c_long,
            attribute,
            size_of::<T>(),
        )
    };
    if answer < 0 {
        let error = io::Error::last_os_error();
        return Err(error).with_context(|| format!("bpf {command:?}"));
    }
    Ok(RawFd::try_from(answer)?)
}

/// [`bpf`] for a command that answers with a descriptor.
pub fn open<T>(command: Command, attribute: &mut T) -> Result<OwnedFd> {
    let descriptor = bpf(command, attribute)?;
    // SAFETY: the kernel made it for us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
