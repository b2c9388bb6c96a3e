//! One daemon for each interface, and a way to see whether it lives.
//!
//! The lock is the kernel's, so it ends with its process however that ends. It belongs to an open
//! file and can be queried without being taken, so looking never disturbs a starting daemon.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use super::Error;

const DIRECTORY: &str = "/run/isatap";
/// How long to wait for a daemon that has just locked the file to write its number into it.
const PATIENCE: [Duration; 20] = [Duration::from_millis(5); 20];

/// The right to run an interface, held until dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock of `interface`, or says which process has it.
    pub fn acquire(interface: &str) -> Result<Self, Error> {
        acquire_in(Path::new(DIRECTORY), interface)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Still locked, so this is our file. One that stays behind does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

/// The process that runs `interface`, if one does.
pub fn holder(interface: &str) -> Result<Option<u32>, Error> {
    holder_in(Path::new(DIRECTORY), interface)
}

fn acquire_in(directory: &Path, interface: &str) -> Result<Lock, Error> {
    let path = path(directory, interface);
    let failed = |cause| Error::new(format!("lock {}", path.display()), cause);
    loop {
        let mut file = open(&path).map_err(failed)?;
        match fcntl(&file, FcntlArg::F_OFD_SETLK(&whole_file(libc::F_WRLCK))) {
            Ok(_) if !is_at(&file, &path) => {} // Its last holder has removed it.
            Ok(_) => {
                let pid = format!("{}\n", process::id());
                let written = file
                    .set_len(0)
                    .and_then(|()| file.write_all(pid.as_bytes()));
                written.map_err(failed)?;
                return Ok(Lock { path, _file: file });
            }
            Err(Errno::EAGAIN | Errno::EACCES) => {
                return Err(Error::AlreadyRun {
                    interface: interface.to_owned(),
                    pid: number(&mut file).map_err(failed)?,
                });
            }
            Err(cause) => return Err(failed(cause.into())),
        }
    }
}

/// Whether `path` still leads to the open file.
fn is_at(file: &File, path: &Path) -> bool {
    let found = |of: io::Result<Metadata>| of.map(|m| (m.dev(), m.ino())).ok();
    found(file.metadata()) == found(fs::metadata(path))
}

fn holder_in(directory: &Path, interface: &str) -> Result<Option<u32>, Error> {
    let path = path(directory, interface);
    let failed = |cause| Error::new(format!("read {}", path.display()), cause);
    let mut file = match File::open(&path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    // A shared lock would conflict with exactly the daemon's, and a reader may ask about it.
    let mut lock = whole_file(libc::F_RDLCK);
    fcntl(&file, FcntlArg::F_OFD_GETLK(&mut lock)).map_err(|cause| failed(cause.into()))?;
    if i32::from(lock.l_type) == libc::F_UNLCK {
        return Ok(None);
    }
    number(&mut file).map(Some).map_err(failed)
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o755).create(directory)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.mode(0o644).open(path)
}

/// The process number in a locked file.
fn number(file: &mut File) -> io::Result<u32> {
    for pause in PATIENCE {
        let mut text = String::new();
        file.rewind()?;
        file.take(32).read_to_string(&mut text)?;
        if let Some(pid) = text.strip_suffix('\n').and_then(|t| t.parse().ok()) {
            return Ok(pid);
        }
        sleep(pause);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidData,
        "it is locked but holds no process number",
    ))
}

/// The lock's file. It is one for all network namespaces, as are the pins that it guards.
fn path(directory: &Path, interface: &str) -> PathBuf {
    directory.join(format!("{interface}.lock"))
}

fn whole_file(kind: libc::c_int) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Directory(PathBuf);

    impl Directory {
        fn new(test: &str) -> Self {
            let name = format!("isatap-lock-{test}-{}", process::id());
            Self(std::env::temp_dir().join(name))
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_second_instance_is_told_of_the_first() {
        let directory = Directory::new("second");
        let pid = process::id();
        assert_eq!(holder_in(&directory.0, "isatap0").unwrap(), None);
        let lock = acquire_in(&directory.0, "isatap0").unwrap();
        assert_eq!(holder_in(&directory.0, "isatap0").unwrap(), Some(pid));
        let error = acquire_in(&directory.0, "isatap0").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("isatap0 is already run by pid {pid}")
        );
        acquire_in(&directory.0, "isatap1").unwrap();
        drop(lock);
        assert_eq!(holder_in(&directory.0, "isatap0").unwrap(), None);
        acquire_in(&directory.0, "isatap0").unwrap();
    }
}
