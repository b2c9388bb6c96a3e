//! The object files: the programs of each side of a router, and all others.

use aya::{
    Ebpf, EbpfLoader,
    maps::ProgramArray,
    programs::{Program, ProgramError, SchedClassifier, Xdp},
};
use isatap_common::abi::Uncached;

use super::{DatapathError, Side};

/// As compiled.
static COMMON: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/isatap"));
static UPLINK: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/isatap-uplink"));
static NATIVE: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/isatap-native"));

/// The name of the program of a NIC with XDP in each of them.
pub const XDP: &str = "isatap_xdp";

/// What is loaded of them. They have the same maps, by their pins.
pub struct Programs {
    /// All programs but those of sides, and whatever maps are taken out of.
    pub common: Ebpf,
    uplink: Ebpf,
    native: Ebpf,
}

impl Programs {
    /// Loads every program but the probe.
    pub fn load(loader: &mut EbpfLoader<'_>) -> Result<Self, DatapathError> {
        let mut programs = Self {
            common: loader.load(COMMON)?,
            uplink: loader.load(UPLINK)?,
            native: loader.load(NATIVE)?,
        };
        programs.xdp(Side::Both)?.load()?;
        for place in Uncached::ALL {
            programs.behind(place)?.load()?;
        }
        for name in ["isatap_in", "isatap_out", "isatap_forward"] {
            programs.classifier(name)?.load()?;
        }
        Ok(programs)
    }

    /// The XDP program of NICs of that side.
    pub fn xdp(&mut self, side: Side) -> Result<&mut Xdp, DatapathError> {
        let object = match side {
            Side::Uplink => &mut self.uplink,
            Side::Native => &mut self.native,
            Side::Both => &mut self.common,
        };
        program(object, XDP)
    }

    /// The program of traffic control of that name.
    pub fn classifier(
        &mut self,
        name: &'static str,
    ) -> Result<&mut SchedClassifier, DatapathError> {
        program(&mut self.common, name)
    }

    /// Tells the XDP programs, running ones of an earlier process as well, where to go on with frames that
    /// they do not forward themselves.
    pub fn put_uncached(&mut self) -> Result<(), DatapathError> {
        let name = "UNCACHED";
        let map = self.common.take_map(name);
        let mut uncached = ProgramArray::try_from(map.ok_or(DatapathError::Missing { name })?)?;
        for place in Uncached::ALL {
            uncached.set(place as u32, self.behind(place)?.fd()?, 0)?;
        }
        Ok(())
    }

    fn behind(&mut self, place: Uncached) -> Result<&mut Xdp, DatapathError> {
        match place {
            Uncached::Uplink => self.xdp(Side::Uplink),
            Uncached::Native => self.xdp(Side::Native),
            _ => program(&mut self.common, place.program()),
        }
    }
}

/// A program of an object, not yet attached.
pub fn program<'a, P>(ebpf: &'a mut Ebpf, name: &'static str) -> Result<&'a mut P, DatapathError>
where
    &'a mut P: TryFrom<&'a mut Program, Error = ProgramError>,
{
    let program = ebpf
        .program_mut(name)
        .ok_or(DatapathError::Missing { name })?;
    Ok(program.try_into()?)
}

/// The common object without pins, for tests and probes.
pub fn unpinned() -> Result<Ebpf, DatapathError> {
    Ok(EbpfLoader::new().load(COMMON)?)
}
