//! The persistent TUN device that is the ISATAP interface.
//!
//! It stays, and keeps carrying packets, when no process holds it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;
use nix::libc;
use nix::net::if_::if_nametoindex;

use super::{Error, Netlink};

const DEVICE: &str = "/dev/net/tun";

/// Attaches to the TUN device `name`, making it persistent, and creating it if there is none.
///
/// The descriptor is non-blocking and carries bare IP packets. A new device is down and NOARP.
pub fn open(name: &str) -> Result<OwnedFd, Error> {
    let mut request = request(name)?;
    let file = open_device()?;
    attach(&file, &mut request).map_err(|cause| refused(name, cause))?;
    persist(&file).map_err(|cause| Error::new(format!("make {name} persistent"), cause))?;
    Ok(file.into())
}

/// Deletes the TUN device `name`, held by a process or not; there need not be one.
pub async fn delete(netlink: &Netlink, name: &str) -> Result<(), Error> {
    let Some(link) = netlink.link(name).await? else {
        return Ok(());
    };
    if !link.is_tun() {
        return Err(Error::WrongDevice {
            name: name.to_owned(),
            found: describe(link.kind.as_deref()),
        });
    }
    netlink.delete_link(link.index).await
}

/// What to call a device of this kind in a sentence.
pub(crate) fn describe(kind: Option<&str>) -> String {
    match kind {
        None => "a hardware device".to_owned(),
        Some("tun") => "a TAP device".to_owned(),
        Some(kind) => format!("a device of kind {kind}"),
    }
}

fn open_device() -> Result<File, Error> {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(DEVICE);
    opened.map_err(|cause| {
        let doing = format!("open {DEVICE}");
        match cause.kind() {
            io::ErrorKind::NotFound => Error::with_remedy(
                doing,
                cause,
                "load the module with `modprobe tun`, or give the container that device",
            ),
            io::ErrorKind::PermissionDenied => Error::with_remedy(
                doing,
                cause,
                "run as root or make the device node accessible",
            ),
            _ => Error::new(doing, cause),
        }
    })
}

/// The request for a TUN device without packet information.
fn request(name: &str) -> Result<libc::ifreq, Error> {
    let mut ifr_name = [0; libc::IFNAMSIZ];
    // The last byte stays zero: the kernel reads a C string.
    let room = ifr_name.len() - 1;
    if name.is_empty() || name.len() > room {
        let doing = format!("call an interface `{name}`");
        return Err(Error::new(doing, Errno::ENAMETOOLONG));
    }
    for (to, from) in ifr_name.iter_mut().zip(name.bytes()) {
        *to = libc::c_char::from_ne_bytes([from]);
    }
    let ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
    Ok(libc::ifreq {
        ifr_name,
        ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_flags },
    })
}

#[expect(unsafe_code, reason = "there is no safe binding for TUNSETIFF")]
fn attach(file: &File, request: &mut libc::ifreq) -> nix::Result<()> {
    // SAFETY: TUNSETIFF reads and writes one `ifreq`, which `request` points to.
    unsafe { ioctl::tun_set_iff(file.as_raw_fd(), request) }.map(drop)
}

#[expect(unsafe_code, reason = "there is no safe binding for TUNSETPERSIST")]
fn persist(file: &File) -> nix::Result<()> {
    // SAFETY: TUNSETPERSIST takes its argument by value.
    unsafe { ioctl::tun_set_persist(file.as_raw_fd(), 1) }.map(drop)
}

/// Explains why the kernel refused to attach.
fn refused(name: &str, cause: Errno) -> Error {
    let doing = format!("attach to the TUN device {name}");
    match cause {
        Errno::EINVAL if if_nametoindex(name).is_ok() => Error::WrongDevice {
            name: name.to_owned(),
            found: "another kind of device".to_owned(),
        },
        Errno::EBUSY => Error::with_remedy(doing, cause, "another process holds it: stop that one"),
        Errno::EPERM => Error::with_remedy(doing, cause, "run as root or grant CAP_NET_ADMIN"),
        _ => Error::new(doing, cause),
    }
}

/// The requests to the device. The kernel declares both with the size of an int, although the
/// first takes a whole `ifreq`.
mod ioctl {
    #![expect(missing_docs, reason = "the macros document what they make")]
    use nix::libc::{c_int, ifreq};
    use nix::request_code_write;

    nix::ioctl_readwrite_bad!(
        tun_set_iff,
        request_code_write!(b'T', 202, size_of::<c_int>()),
        ifreq
    );
    nix::ioctl_write_int_bad!(
        tun_set_persist,
        request_code_write!(b'T', 203, size_of::<c_int>())
    );
}

#[cfg(test)]
mod tests {
    use super::super::netns;
    use super::*;

    #[test]
    fn the_device_outlives_its_descriptor_and_takes_another() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let first = open("isatap0").unwrap();
            let before = netlink.link("isatap0").await.unwrap().unwrap();
            assert_eq!(open("isatap0").unwrap_err().errno(), Some(Errno::EBUSY));
            drop(first);
            let _second = open("isatap0").unwrap();
            let after = netlink.link("isatap0").await.unwrap().unwrap();
            assert_eq!(before.index, after.index);
            delete(&netlink, "isatap0").await.unwrap();
            delete(&netlink, "isatap0").await.unwrap();
            assert_eq!(netlink.link("isatap0").await.unwrap(), None);
        });
    }

    #[test]
    fn a_device_of_another_kind_is_left_alone() {
        netns::in_new(|| async {
            let netlink = Netlink::connect().unwrap();
            let error = open("lo").unwrap_err();
            assert_eq!(
                error.to_string(),
                "lo exists and is another kind of device, not a TUN device; \
                 remove it or choose another interface name"
            );
            let error = delete(&netlink, "lo").await.unwrap_err();
            assert!(matches!(error, Error::WrongDevice { .. }), "{error}");
        });
    }

    #[test]
    fn a_name_that_does_not_fit_is_refused() {
        for name in ["", "sixteen-letters-"] {
            let error = open(name).unwrap_err();
            assert_eq!(error.errno(), Some(Errno::ENAMETOOLONG), "{error}");
        }
    }

    #[test]
    fn reading_does_not_block() {
        netns::in_new(|| async {
            let fd = open("isatap0").unwrap();
            let read = nix::unistd::read(&fd, &mut [0; 64]);
            assert!(
                matches!(read, Err(Errno::EAGAIN | Errno::EIO)),
                "{read:?}, as the device is down"
            );
        });
    }
}
