//! The BPF file system, where programs, links and maps stay when no process holds them.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use isatap_common::abi::LAYOUT;
use nix::fcntl::{Flock, FlockArg};
use nix::mount::{MsFlags, mount};
use nix::sys::statfs::{BPF_FS_MAGIC, statfs};

use super::Error;

/// Where every tool looks for the BPF file system.
const MOUNT_POINT: &str = "/sys/fs/bpf";
const MODE: u32 = 0o750;
/// How often directories that vanish again are made at most.
const TRIES: u32 = 20;

/// The directory of everything that `interface` pins, in any layout.
pub fn interface_directory(interface: &str) -> PathBuf {
    [MOUNT_POINT, "isatap", interface].iter().collect()
}

/// The directory of what `interface` pins in the layout of this build.
pub fn pin_directory(interface: &str) -> PathBuf {
    interface_directory(interface).join(format!("v{LAYOUT}"))
}

/// Makes [`pin_directory`], mounting the BPF file system if need be.
pub fn prepare(interface: &str) -> Result<PathBuf, Error> {
    ensure_mounted()?;
    let parent = interface_directory(interface);
    let directory = pin_directory(interface);
    again_while_missing(|| make_all(&parent, &directory))
        .map_err(|cause| Error::new(format!("make {}", directory.display()), cause))?;
    Ok(directory)
}

/// Another interface's end removes the directory that all share, if it is empty, and so maybe
/// between the steps of `make`.
fn again_while_missing(mut make: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    for _ in 1..TRIES {
        match make() {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            end => return end,
        }
    }
    make()
}

/// Makes the directories from the top.
fn make_all(parent: &Path, directory: &Path) -> io::Result<()> {
    parent
        .parent()
        .into_iter()
        .chain([parent, directory])
        .try_for_each(make)
}

/// Whether the BPF file system is mounted where it belongs.
pub fn is_mounted() -> bool {
    statfs(MOUNT_POINT).is_ok_and(|found| found.filesystem_type() == BPF_FS_MAGIC)
}

/// Mounts the BPF file system where it belongs, if it is not there.
pub fn ensure_mounted() -> Result<(), Error> {
    if is_mounted() {
        return Ok(());
    }
    let failed = |cause: io::Error| {
        Error::with_remedy(
            format!("mount the BPF file system at {MOUNT_POINT}"),
            cause,
            "mount it beforehand with `mount -t bpf bpf /sys/fs/bpf`",
        )
    };
    // Daemons that start together would each mount one, the last in front of what the others pin.
    let uncovered = File::open(MOUNT_POINT).map_err(failed)?;
    let lock = Flock::lock(uncovered, FlockArg::LockExclusive);
    let _lock = lock.map_err(|(_, cause)| failed(cause.into()))?;
    if is_mounted() {
        return Ok(());
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let mounted = mount(
        Some("bpf"),
        MOUNT_POINT,
        Some("bpf"),
        flags,
        Some("mode=0700"),
    );
    mounted.map_err(|cause| failed(cause.into()))
}

fn make(directory: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(MODE).create(directory) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(cause),
        // Again, because the umask has a say in the first.
        _ => fs::set_permissions(directory, Permissions::from_mode(MODE)),
    }
}

#[cfg(test)]
mod tests {
    use nix::sched::{CloneFlags, unshare};

    use super::*;

    /// With a private, empty `/sys`, so that neither the mount nor the directories last.
    fn without_bpffs(test: impl FnOnce() + Send + 'static) {
        let thread = std::thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNS).unwrap();
            let none: Option<&str> = None;
            mount(none, "/", none, MsFlags::MS_PRIVATE | MsFlags::MS_REC, none).unwrap();
            mount(none, "/sys", Some("tmpfs"), MsFlags::empty(), none).unwrap();
            fs::create_dir_all(MOUNT_POINT).unwrap();
            test();
        });
        thread.join().unwrap();
    }

    #[test]
    fn the_file_system_is_mounted_once_and_the_directories_are_closed_to_others() {
        without_bpffs(|| {
            assert!(!is_mounted());
            for _ in 0..2 {
                let directory = prepare("isatap0").unwrap();
                assert_eq!(directory, pin_directory("isatap0"));
                assert!(is_mounted());
                for path in directory.ancestors().take(3) {
                    let mode = fs::metadata(path).unwrap().permissions().mode();
                    assert_eq!(mode & 0o777, MODE, "{}", path.display());
                }
            }
        });
    }

    /// As daemons start together at boot.
    #[test]
    fn all_of_those_that_find_none_mount_one() {
        without_bpffs(|| {
            for _ in 0..200 {
                let start = std::sync::Barrier::new(4);
                std::thread::scope(|scope| {
                    for _ in 0..4 {
                        scope.spawn(|| {
                            start.wait();
                            ensure_mounted().unwrap();
                        });
                    }
                });
                nix::mount::umount(MOUNT_POINT).unwrap();
                assert!(!is_mounted(), "there was one behind it");
            }
        });
    }

    #[test]
    fn directories_that_vanish_are_made_again_but_not_for_ever() {
        let tried = |vanish: u32, kind: io::ErrorKind| {
            let mut count = 0;
            let made = again_while_missing(|| {
                count += 1;
                if count <= vanish {
                    Err(kind.into())
                } else {
                    Ok(())
                }
            });
            (made.is_ok(), count)
        };
        let missing = io::ErrorKind::NotFound;
        assert_eq!(tried(0, missing), (true, 1));
        assert_eq!(tried(TRIES - 1, missing), (true, TRIES));
        assert_eq!(tried(TRIES, missing), (false, TRIES));
        assert_eq!(tried(1, io::ErrorKind::PermissionDenied), (false, 1));
    }

    /// As daemons start and end beside each other.
    #[test]
    fn the_end_of_another_interface_disturbs_no_start() {
        without_bpffs(|| {
            ensure_mounted().unwrap();
            let common = Path::new(MOUNT_POINT).join("isatap");
            std::thread::scope(|scope| {
                for name in ["isatap0", "isatap1", "isatap2"] {
                    let common = &common;
                    scope.spawn(move || {
                        for _ in 0..5000 {
                            prepare(name).unwrap();
                            fs::remove_dir_all(interface_directory(name)).unwrap();
                            let _ = fs::remove_dir(common);
                        }
                    });
                }
            });
        });
    }

    #[test]
    fn a_failed_mount_says_what_to_do() {
        without_bpffs(|| {
            fs::remove_dir(MOUNT_POINT).unwrap();
            let error = prepare("isatap0").unwrap_err().to_string();
            assert!(error.contains("`mount -t bpf bpf /sys/fs/bpf`"), "{error}");
        });
    }
}
