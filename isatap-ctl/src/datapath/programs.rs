//! The object files: the programs of each side of a router, and all others.

use std::io::ErrorKind;

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

/// How often a program is loaded before it counts as one that cannot be.
const ATTEMPTS: u32 = 10;

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
        let both = programs.xdp(Side::Both)?;
        patiently(|| both.load())?;
        for place in Uncached::ALL {
            let behind = programs.behind(place)?;
            patiently(|| behind.load())?;
        }
        for name in ["isatap_in", "isatap_out", "isatap_forward"] {
            let classifier = programs.classifier(name)?;
            patiently(|| classifier.load())?;
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

/// Loads a program, again if it has to be: a signal makes the kernel leave off verifying.
pub(super) fn patiently(
    load: impl FnMut() -> Result<(), ProgramError>,
) -> Result<(), ProgramError> {
    repeatedly(load, |error| {
        matches!(error, ProgramError::LoadError { io_error, .. }
            if io_error.kind() == ErrorKind::WouldBlock)
    })
}

fn repeatedly<E>(
    mut load: impl FnMut() -> Result<(), E>,
    is_of_the_moment: impl Fn(&E) -> bool,
) -> Result<(), E> {
    for _ in 1..ATTEMPTS {
        match load() {
            Err(error) if is_of_the_moment(&error) => {}
            loaded => return loaded,
        }
    }
    load()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How often it is tried, if the first so many times end with that error.
    fn attempts(fail: u32, error: ErrorKind) -> (u32, bool) {
        let mut count = 0;
        let load = || {
            count += 1;
            if count > fail { Ok(()) } else { Err(error) }
        };
        let loaded = repeatedly(load, |error| *error == ErrorKind::WouldBlock);
        (count, loaded.is_ok())
    }

    #[test]
    fn a_program_whose_verification_was_interrupted_is_loaded_again_but_not_for_ever() {
        assert_eq!(attempts(0, ErrorKind::WouldBlock), (1, true));
        assert_eq!(attempts(2, ErrorKind::WouldBlock), (3, true));
        assert_eq!(attempts(100, ErrorKind::WouldBlock), (ATTEMPTS, false));
        assert_eq!(attempts(1, ErrorKind::PermissionDenied), (1, false));
    }
}
