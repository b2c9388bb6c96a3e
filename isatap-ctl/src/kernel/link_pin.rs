//! Pinned links, which attach programs.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::libc;

const BPF_OBJ_GET: libc::c_int = 7;
const BPF_LINK_DETACH: libc::c_int = 34;

/// What `BPF_OBJ_GET` takes.
#[repr(C)]
struct Get {
    path: u64,
    fd: u32,
    flags: u32,
}

/// Detaches the program of the link pinned at `pin`, and removes the pin; there need not be one. Once the
/// last that held a link lets go of it, the kernel detaches it too, but some time later.
pub fn remove(pin: &Path) -> io::Result<()> {
    match detach(pin) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        // A link that cannot be detached ends with its pin.
        _ => {}
    }
    match fs::remove_file(pin) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[expect(unsafe_code, reason = "there is no safe binding for links")]
fn detach(pin: &Path) -> io::Result<()> {
    let path = CString::new(pin.as_os_str().as_bytes())?;
    let get = Get {
        path: path.as_ptr() as u64,
        fd: 0,
        flags: 0,
    };
    // SAFETY: the path is there until the call is over.
    let link = unsafe { bpf(BPF_OBJ_GET, &get) }?;
    // SAFETY: the kernel has just given the descriptor to us alone.
    let link = unsafe { OwnedFd::from_raw_fd(link) };
    let link = link.as_raw_fd();
    // SAFETY: the command takes the number of a descriptor.
    unsafe { bpf(BPF_LINK_DETACH, &link) }.map(drop)
}

/// # Safety
///
/// `attribute` is what the command takes, and so is what it points to.
#[expect(unsafe_code, reason = "there is no safe binding for links")]
unsafe fn bpf<T>(command: libc::c_int, attribute: &T) -> io::Result<libc::c_int> {
    // SAFETY: the caller's promise.
    let result = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command,
            std::ptr::from_ref(attribute),
            size_of::<T>(),
        )
    };
    libc::c_int::try_from(result)
        .ok()
        .filter(|result| *result >= 0)
        .ok_or_else(io::Error::last_os_error)
}
