//! The programs and maps: into the kernel, and found again where they are pinned.

use std::path::{Path, PathBuf};

use aya::{
    EbpfError, EbpfLoader,
    maps::{MapError, xdp::XdpMapError},
    programs::{ProgramError, SchedClassifier, Xdp},
};

use super::{
    Side,
    maps::{Maps, specs},
    programs::Programs,
};

/// Why the datapath cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DatapathError {
    /// A map of another layout is pinned.
    #[error("{path} was made by another version", path = path.display())]
    Layout {
        /// The pin.
        path: PathBuf,
    },
    /// A map for another number of hosts is pinned.
    #[error(
        "datapath.hosts is {wanted}, and {path} was made for {found}",
        path = path.display()
    )]
    Hosts {
        /// The pin.
        path: PathBuf,
        /// As configured.
        wanted: u32,
        /// As it is.
        found: u32,
    },
    /// The object lacks a map or program.
    #[error("the program object has no {name}")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// Somebody else's XDP program is on the NIC.
    #[error("{link} already has the XDP program {program}")]
    Foreign {
        /// The NIC.
        link: String,
        /// Name and id of the program.
        program: String,
    },
    /// A program does not attach.
    #[error("cannot attach {program} to {link}: {error}")]
    Attach {
        /// The program.
        program: &'static str,
        /// The NIC.
        link: String,
        /// What the kernel said.
        error: String,
    },
    /// A program does not detach.
    #[error("cannot detach {program}: {error}")]
    Detach {
        /// The program.
        program: &'static str,
        /// What the kernel said.
        error: String,
    },
    /// A pin cannot be made or removed.
    #[error("{path}: {error}", path = path.display())]
    Pin {
        /// The pin.
        path: PathBuf,
        /// What the kernel said.
        error: String,
    },
    /// The object was refused.
    #[error("the kernel refuses the programs: {0}")]
    Load(#[from] EbpfError),
    /// A program was refused.
    #[error("the kernel refuses a program: {0}")]
    Program(#[from] ProgramError),
    /// A map was refused.
    #[error("map: {0}")]
    Map(#[from] MapError),
    /// The forwarding caches cannot be mapped.
    #[error("NEXT_HOPS: {0}")]
    Caches(#[from] std::io::Error),
    /// The map of NICs was refused.
    #[error("LINKS: {0}")]
    Links(#[from] XdpMapError),
}

impl DatapathError {
    /// What the operator can do about it.
    pub const fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Foreign { .. } => Some("set datapath.xdp = \"off\", or remove the other program"),
            Self::Layout { .. } => Some("remove it with isatap-ctl down"),
            Self::Hosts { .. } => {
                Some("leave datapath.hosts as it was, or remove the maps with isatap-ctl down")
            }
            Self::Load(_) | Self::Program(_) => Some("Linux 6.1 or later with BPF is needed"),
            _ => None,
        }
    }
}

/// The programs in the kernel and their maps.
pub struct Datapath {
    /// The maps.
    pub maps: Maps,
    /// In a box, because what the daemon awaits with the datapath in hand should be small.
    pub(super) programs: Box<Programs>,
    pub(super) directory: PathBuf,
}

impl Datapath {
    /// Loads the programs; maps are adopted from their pins in `directory`, or made and pinned, with
    /// accounts of `hosts`.
    pub fn load(directory: &Path, hosts: u32) -> Result<Self, DatapathError> {
        let mut loader = EbpfLoader::new();
        for spec in specs(hosts) {
            spec.check(directory)?;
            loader.map_pin_path(spec.name, directory.join(spec.name));
            loader.map_max_entries(spec.name, spec.max_entries()?);
        }
        let mut programs = Box::new(Programs::load(&mut loader)?);
        #[cfg(feature = "trace")]
        super::trace::forward(&mut programs.common);
        // Only now: a map that is taken before its program is loaded is closed too early.
        let maps = Maps::take(&mut programs.common)?;
        programs.put_uncached()?;
        Ok(Self {
            maps,
            programs,
            directory: directory.to_owned(),
        })
    }

    /// The loaded XDP program of NICs of that side, for a test run.
    pub fn xdp(&mut self, side: Side) -> Result<&mut Xdp, DatapathError> {
        self.programs.xdp(side)
    }

    /// The loaded program of traffic control of that name, for a test run.
    pub fn classifier(
        &mut self,
        name: &'static str,
    ) -> Result<&mut SchedClassifier, DatapathError> {
        self.programs.classifier(name)
    }
}
