//! The error of everything that asks the kernel for something.

use std::io;

use nix::errno::Errno;

/// Why the kernel did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A system call or a netlink request failed.
    #[error("cannot {doing}: {cause}{}", remedy.map(|r| format!("; {r}")).unwrap_or_default())]
    System {
        /// What was tried, such as `set the MTU of isatap0 to 1480`.
        doing: String,
        /// What the kernel answered.
        #[source]
        cause: io::Error,
        /// What the operator can do about it.
        remedy: Option<&'static str>,
    },
    /// The interface name belongs to a device that we cannot use and must not touch.
    #[error(
        "{name} exists and is {found}, not a TUN device; remove it or choose another interface name"
    )]
    WrongDevice {
        /// The interface.
        name: String,
        /// What it is, with its article.
        found: String,
    },
    /// There is no such interface.
    #[error("there is no interface {0}")]
    NoDevice(String),
    /// Another process holds the interface's lock.
    #[error("{interface} is already run by pid {pid}")]
    AlreadyRun {
        /// The interface.
        interface: String,
        /// The process that holds it.
        pid: u32,
    },
    /// The process lacks a capability.
    #[error(
        "{0} is missing; run as root or grant CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF \
         and CAP_PERFMON \
         (AmbientCapabilities= in a systemd unit)"
    )]
    MissingCapability(String),
}

impl Error {
    /// A failure without a known remedy.
    pub fn new(doing: impl Into<String>, cause: impl Into<io::Error>) -> Self {
        Self::System {
            doing: doing.into(),
            cause: cause.into(),
            remedy: None,
        }
    }

    /// A failure that the operator can remedy.
    pub fn with_remedy(
        doing: impl Into<String>,
        cause: impl Into<io::Error>,
        remedy: &'static str,
    ) -> Self {
        Self::System {
            doing: doing.into(),
            cause: cause.into(),
            remedy: Some(remedy),
        }
    }

    /// Whether the machine, rather than the moment, is at fault: no retry brings a capability, a
    /// device or the BPF file system.
    pub fn is_unsuitable(&self) -> bool {
        match self {
            Self::WrongDevice { .. } | Self::NoDevice(_) | Self::MissingCapability(_) => true,
            Self::System { remedy, .. } => remedy.is_some(),
            Self::AlreadyRun { .. } => false,
        }
    }

    /// The error number, if the kernel gave one.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::System { cause, .. } => errno_of(cause),
            _ => None,
        }
    }
}

/// The error number within `cause`, whether it is bare or carries the kernel's explanation.
fn errno_of(cause: &io::Error) -> Option<Errno> {
    let explained = cause
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Explained>());
    explained
        .map(|e| e.errno)
        .or_else(|| cause.raw_os_error().map(Errno::from_raw))
}

/// An error number with the sentence that the kernel added to it.
#[derive(Debug, thiserror::Error)]
#[error("{} ({explanation})", .errno.desc())]
pub(super) struct Explained {
    /// The error number.
    pub errno: Errno,
    /// The kernel's own words.
    pub explanation: String,
}

impl From<Explained> for io::Error {
    fn from(explained: Explained) -> Self {
        let kind = Self::from(explained.errno).kind();
        Self::new(kind, explained)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_why_and_what_to_do() {
        let error = Error::with_remedy("open /dev/net/tun", Errno::ENOENT, "load the module tun");
        assert_eq!(
            error.to_string(),
            "cannot open /dev/net/tun: No such file or directory (os error 2); load the module tun"
        );
        assert_eq!(error.errno(), Some(Errno::ENOENT));
    }

    #[test]
    fn an_explained_error_keeps_its_number() {
        let explained = Explained {
            errno: Errno::EINVAL,
            explanation: "Invalid prefix length".into(),
        };
        let error = Error::new("add an address", explained);
        assert_eq!(
            error.to_string(),
            "cannot add an address: Invalid argument (Invalid prefix length)"
        );
        assert_eq!(error.errno(), Some(Errno::EINVAL));
    }
}
