//! The object file: into the kernel, with its maps found again where they are pinned.

use std::path::{Path, PathBuf};

use aya::{
    Ebpf, EbpfError, EbpfLoader,
    maps::{MapError, ProgramArray, xdp::XdpMapError},
    programs::{ProgramError, SchedClassifier, Xdp},
};
use isatap_common::abi::Uncached;

use super::maps::{Maps, specs};

/// The programs as compiled.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/isatap"));

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
    pub(super) ebpf: Ebpf,
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
        let mut ebpf = loader.load(OBJECT)?;
        let uncached = Uncached::ALL.map(Uncached::program);
        for name in ["isatap_xdp"].into_iter().chain(uncached) {
            program::<Xdp>(&mut ebpf, name)?.load()?;
        }
        for name in ["isatap_in", "isatap_out", "isatap_forward"] {
            program::<SchedClassifier>(&mut ebpf, name)?.load()?;
        }
        #[cfg(feature = "trace")]
        super::trace::forward(&mut ebpf);
        // Only now: a map that is taken before its program is loaded is closed too early.
        let maps = Maps::take(&mut ebpf)?;
        put_uncached(&mut ebpf)?;
        Ok(Self {
            maps,
            ebpf,
            directory: directory.to_owned(),
        })
    }

    /// The loaded program of that name, for a test run.
    pub fn program<'a, P>(&'a mut self, name: &'static str) -> Result<&'a mut P, DatapathError>
    where
        &'a mut P: TryFrom<&'a mut aya::programs::Program, Error = ProgramError>,
    {
        program(&mut self.ebpf, name)
    }
}

/// Tells `isatap_xdp`, a running one of an earlier process as well, where to go on with frames that
/// its caches do not know.
fn put_uncached(ebpf: &mut Ebpf) -> Result<(), DatapathError> {
    let name = "UNCACHED";
    let map = ebpf.take_map(name).ok_or(DatapathError::Missing { name })?;
    let mut uncached = ProgramArray::try_from(map)?;
    for place in Uncached::ALL {
        let program = program::<Xdp>(ebpf, place.program())?;
        uncached.set(place as u32, program.fd()?, 0)?;
    }
    Ok(())
}

/// A program of the object, not yet attached.
pub(super) fn program<'a, P>(
    ebpf: &'a mut Ebpf,
    name: &'static str,
) -> Result<&'a mut P, DatapathError>
where
    &'a mut P: TryFrom<&'a mut aya::programs::Program, Error = ProgramError>,
{
    let program = ebpf
        .program_mut(name)
        .ok_or(DatapathError::Missing { name })?;
    Ok(program.try_into()?)
}

/// The object without pins, for tests and probes.
pub(super) fn unpinned() -> Result<Ebpf, DatapathError> {
    Ok(EbpfLoader::new().load(OBJECT)?)
}
