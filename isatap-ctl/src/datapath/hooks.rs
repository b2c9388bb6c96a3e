//! Where the programs are attached, so that they outlive the process: as pinned links, or as
//! filters.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use aya::programs::{
    LinkOrder, TcAttachType, XdpMode,
    links::{FdLink, PinnedLink},
    tc::{SchedClassifierLink, TcAttachOptions},
    xdp::XdpLink,
};

use super::{Datapath, DatapathError, Side, filter, programs};
use crate::kernel::{Netlink, link_pin};

/// A place for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// `isatap_out` on egress of the ISATAP device.
    Out(u32),
    /// `isatap_in` on ingress of an IPv4 NIC.
    In(u32),
    /// `isatap_xdp` on a NIC.
    Xdp(u32),
    /// `isatap_forward` on ingress of a NIC, before `isatap_in` if that is there too.
    Forward(u32),
}

/// How a program is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachedMode {
    /// XDP in the driver.
    Native,
    /// XDP on socket buffers.
    Generic,
    /// Traffic control.
    Tc,
}

/// What attaching came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookState {
    /// How it is attached.
    pub mode: AttachedMode,
    /// Why it is not a better mode.
    pub reason: Option<String>,
    /// Whose program it is, if it is one of XDP.
    pub side: Side,
}

impl Hook {
    /// The interface.
    pub const fn index(self) -> u32 {
        match self {
            Self::Out(index) | Self::In(index) | Self::Xdp(index) | Self::Forward(index) => index,
        }
    }

    /// The program.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Out(_) => "isatap_out",
            Self::In(_) => "isatap_in",
            Self::Xdp(_) => programs::XDP,
            Self::Forward(_) => "isatap_forward",
        }
    }

    /// Name of the pinned link. The mode is part of an XDP pin's name, because a link cannot
    /// change it.
    fn pin(self, mode: AttachedMode) -> String {
        let kind = match (self, mode) {
            (Self::Out(_), _) => "out",
            (Self::In(_), _) => "in",
            (Self::Forward(_), _) => "forward",
            (Self::Xdp(_), AttachedMode::Generic) => "xdpgeneric",
            (Self::Xdp(_), _) => "xdp",
        };
        format!("link_{kind}_{}", self.index())
    }

    fn from_pin(name: &str) -> Option<(Self, AttachedMode)> {
        if let Some(hook) = filter::from_mark(name) {
            return Some((hook, AttachedMode::Tc));
        }
        let (kind, index) = name.strip_prefix("link_")?.rsplit_once('_')?;
        let index = index.parse().ok()?;
        Some(match kind {
            "out" => (Self::Out(index), AttachedMode::Tc),
            "in" => (Self::In(index), AttachedMode::Tc),
            "forward" => (Self::Forward(index), AttachedMode::Tc),
            "xdp" => (Self::Xdp(index), AttachedMode::Native),
            "xdpgeneric" => (Self::Xdp(index), AttachedMode::Generic),
            _ => return None,
        })
    }

    /// The hooks whose programs are attached, by what is in `directory`.
    pub fn pinned(directory: &Path) -> io::Result<BTreeMap<Self, AttachedMode>> {
        let mut hooks = BTreeMap::new();
        for entry in fs::read_dir(directory)? {
            hooks.extend(entry?.file_name().to_str().and_then(Self::from_pin));
        }
        Ok(hooks)
    }

    /// Detaches the program: removes the hook's pins, or its filter.
    pub async fn detach(self, directory: &Path, netlink: &Netlink) -> Result<(), DatapathError> {
        for mode in [AttachedMode::Native, AttachedMode::Generic] {
            remove(&directory.join(self.pin(mode)))?;
        }
        match self {
            Self::Xdp(_) => Ok(()),
            Self::In(_) | Self::Out(_) | Self::Forward(_) => {
                filter::detach(self, directory, netlink).await
            }
        }
    }
}

impl fmt::Display for AttachedMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Generic => "generic",
            Self::Tc => "tc",
        })
    }
}

impl Datapath {
    /// Attaches the hook's program, of XDP that of `side`, to the NIC called `name`, in the first of `modes`
    /// that works. A link that is pinned already is updated in place, so no packet misses the program.
    pub fn attach(
        &mut self,
        hook: Hook,
        side: Side,
        name: &str,
        modes: &[AttachedMode],
    ) -> Result<HookState, DatapathError> {
        let mut refused: Option<String> = None;
        for mode in modes {
            for other in [
                AttachedMode::Native,
                AttachedMode::Generic,
                AttachedMode::Tc,
            ] {
                if hook.pin(other) != hook.pin(*mode) {
                    remove(&self.directory.join(hook.pin(other)))?;
                }
            }
            match self.attach_as(hook, side, name, *mode) {
                Ok(()) => {
                    return Ok(HookState {
                        mode: *mode,
                        reason: refused,
                        side,
                    });
                }
                Err(error) => refused = Some(format!("{mode}: {}", chain(error.as_ref()))),
            }
        }
        Err(DatapathError::Attach {
            program: hook.program(),
            link: name.to_owned(),
            error: refused.unwrap_or_default(),
        })
    }

    fn attach_as(
        &mut self,
        hook: Hook,
        side: Side,
        name: &str,
        mode: AttachedMode,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let pin = self.directory.join(hook.pin(mode));
        if self.update(hook, side, &pin)? {
            return Ok(());
        }
        let link: FdLink = match (hook, mode) {
            (Hook::Xdp(index), AttachedMode::Native | AttachedMode::Generic) => {
                let mode = if mode == AttachedMode::Native {
                    XdpMode::Driver
                } else {
                    XdpMode::Skb
                };
                let program = self.programs.xdp(side)?;
                let id = program.attach_to_if_index(index, mode)?;
                program.take_link(id)?.try_into()?
            }
            _ => match self.attach_classifier(hook, name)? {
                Some(link) => link,
                None => return Ok(()),
            },
        };
        link.pin(&pin)?;
        Ok(())
    }

    /// Puts the XDP program of another side where one is attached in that mode. Says whether one was: if
    /// not, it has to be attached.
    pub fn turn(
        &mut self,
        hook: Hook,
        mode: AttachedMode,
        side: Side,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        let pin = self.directory.join(hook.pin(mode));
        self.update(hook, side, &pin)
    }

    /// Puts the program behind a pinned link, if there is a live one.
    fn update(
        &mut self,
        hook: Hook,
        side: Side,
        pin: &Path,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        if !pin.exists() {
            return Ok(false);
        }
        let link = FdLink::from(PinnedLink::from_pin(pin)?);
        // The pin alone holds the link then.
        let updated = match hook {
            Hook::Xdp(_) => {
                let program = self.programs.xdp(side)?;
                let updated = program.attach_to_link(XdpLink::try_from(link)?);
                updated.and_then(|id| program.take_link(id)).map(drop)
            }
            Hook::In(_) | Hook::Out(_) | Hook::Forward(_) => {
                let program = self.programs.classifier(hook.program())?;
                let updated = program.attach_to_link(SchedClassifierLink::try_from(link)?);
                updated.and_then(|id| program.take_link(id)).map(drop)
            }
        };
        if updated.is_ok() {
            return Ok(true);
        }
        // The NIC was deleted and made again since: the link is severed for good.
        remove(pin)?;
        Ok(false)
    }

    /// Attaches by TCX, or, where the kernel has none, as a clsact filter, which stays without a
    /// link to hold.
    fn attach_classifier(
        &mut self,
        hook: Hook,
        name: &str,
    ) -> Result<Option<FdLink>, Box<dyn std::error::Error + Send + Sync>> {
        let side = if matches!(hook, Hook::Out(_)) {
            TcAttachType::Egress
        } else {
            TcAttachType::Ingress
        };
        let order = TcAttachOptions::TcxOrder(self.order(hook)?);
        let program = self.programs.classifier(hook.program())?;
        match program.attach_with_options(name, side, order) {
            Ok(id) => return Ok(Some(program.take_link(id)?.try_into()?)),
            Err(error) if !is_unknown_to_kernel(&error) => return Err(error.into()),
            Err(_) => {}
        }
        filter::attach(program, hook, name, &self.directory)?;
        Ok(None)
    }

    /// The place among the programs that are there: the last, or the one before that which takes
    /// what this one leaves.
    fn order(&mut self, hook: Hook) -> Result<LinkOrder, Box<dyn std::error::Error + Send + Sync>> {
        let Hook::Forward(index) = hook else {
            return Ok(LinkOrder::default());
        };
        let next = Hook::In(index);
        if !self.directory.join(next.pin(AttachedMode::Tc)).exists() {
            return Ok(LinkOrder::default());
        }
        let next = self.programs.classifier(next.program())?;
        Ok(LinkOrder::before_program(next)?)
    }
}

/// Whether the kernel has no TCX at all.
fn is_unknown_to_kernel(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.raw_os_error() == Some(nix::libc::EINVAL);
        }
        next = error.source();
    }
    false
}

fn remove(pin: &Path) -> Result<(), DatapathError> {
    link_pin::remove(pin).map_err(|error| DatapathError::Pin {
        path: PathBuf::from(pin),
        error: error.to_string(),
    })
}

/// An error with its causes, as one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
