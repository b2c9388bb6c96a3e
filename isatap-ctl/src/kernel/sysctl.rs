//! Settings below `/proc/sys/net`, which shows the network namespace of the calling thread.
//!
//! A key is a path such as `net/ipv6/conf/isatap0/forwarding`: interface names may hold dots.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::Error;

const ROOT: &str = "/proc/sys";

/// The value of `key`.
pub fn read(key: &str) -> Result<String, Error> {
    let path = path(key)?;
    let value = fs::read_to_string(&path)
        .map_err(|cause| Error::new(format!("read {}", path.display()), cause))?;
    Ok(value.trim_end().to_owned())
}

/// Sets `key` to `value`; returns what it was.
pub fn write(key: &str, value: &str) -> Result<String, Error> {
    let before = read(key)?;
    if before != value {
        let path = path(key)?;
        // No newline: the kernel takes the value as it is, and must get it in one write.
        fs::write(&path, value).map_err(|cause| {
            let doing = format!("write {value:?} to {}", path.display());
            match cause.kind() {
                io::ErrorKind::ReadOnlyFilesystem => Error::with_remedy(
                    doing,
                    cause,
                    "/proc/sys is read-only here: set it from outside the container",
                ),
                _ => Error::new(doing, cause),
            }
        })?;
    }
    Ok(before)
}

/// The file of `key`, which has to stay below `/proc/sys/net`.
fn path(key: &str) -> Result<PathBuf, Error> {
    let relative = Path::new(key);
    let plain = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if plain && relative.starts_with("net") {
        Ok(Path::new(ROOT).join(relative))
    } else {
        let doing = format!("use the sysctl {key:?}");
        Err(Error::new(doing, nix::errno::Errno::EINVAL))
    }
}

#[cfg(test)]
mod tests {
    use super::super::netns;
    use super::*;

    const FORWARDING: &str = "net/ipv6/conf/lo/forwarding";

    #[test]
    fn writing_returns_the_value_before() {
        netns::in_new(|| async {
            let before = read(FORWARDING).unwrap();
            assert_eq!(write(FORWARDING, "1").unwrap(), before);
            assert_eq!(write(FORWARDING, "0").unwrap(), "1");
            assert_eq!(read(FORWARDING).unwrap(), "0");
        });
    }

    #[test]
    fn errors_name_the_file() {
        let error = read("net/ipv6/conf/none/forwarding").unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("cannot read /proc/sys/net/ipv6/conf/none/forwarding: "),
            "{text}"
        );
        for key in ["net/../kernel/hostname", "/net/x", "kernel/hostname", ""] {
            assert!(path(key).is_err(), "{key}");
        }
    }
}
