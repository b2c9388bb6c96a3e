//! Somebody else's XDP program: two instructions that pass every frame.
#![expect(unsafe_code, reason = "the system call takes a C union")]

use std::ffi::CString;
use std::io;
use std::os::fd::RawFd;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use nix::libc;

/// `BPF_PROG_LOAD` and `BPF_OBJ_PIN`.
const LOAD: libc::c_long = 5;
const PIN: libc::c_long = 6;
/// `BPF_PROG_TYPE_XDP`.
const XDP: u32 = 6;
/// `r0 = XDP_PASS; exit`
const PASS_ALL: [u64; 2] = [0x0000_0002_0000_00b7, 0x0000_0000_0000_0095];

/// The beginning of `union bpf_attr` for a load, up to the name.
#[repr(C)]
#[derive(Default)]
struct Load {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log: [u32; 4],
    kernel: u32,
    flags: u32,
    name: [u8; 16],
}

/// The beginning of `union bpf_attr` for a pin.
#[repr(C)]
struct Pin {
    path: u64,
    descriptor: u32,
    flags: u32,
}

/// Loads the program and pins it at `path`.
pub fn pin(path: &Path) -> Result<()> {
    let license = c"GPL";
    let mut load = Load {
        kind: XDP,
        count: 2,
        instructions: PASS_ALL.as_ptr() as u64,
        license: license.as_ptr() as u64,
        ..Load::default()
    };
    load.name[..10].copy_from_slice(b"other_folk");
    let descriptor = call(LOAD, &raw const load, size_of::<Load>()).context("load")?;
    let path = CString::new(path.to_string_lossy().as_bytes())?;
    let pin = Pin {
        path: path.as_ptr() as u64,
        descriptor: u32::try_from(descriptor)?,
        flags: 0,
    };
    let pinned = call(PIN, &raw const pin, size_of::<Pin>()).context("pin");
    // SAFETY: the descriptor is ours and not used again.
    unsafe { libc::close(descriptor) };
    pinned.map(drop)
}

fn call<T>(command: libc::c_long, attribute: *const T, size: usize) -> Result<RawFd> {
    // SAFETY: the structure is the beginning of the union that the command takes.
    let answer = unsafe { libc::syscall(libc::SYS_bpf, command, attribute, size) };
    ensure!(answer >= 0, io::Error::last_os_error());
    Ok(RawFd::try_from(answer)?)
}
