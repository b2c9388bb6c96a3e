//! The product's programs, for what the verifier says of them.

use std::collections::HashSet;
use std::fs;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use aya_obj::generated::bpf_insn;
use aya_obj::{Map, Object, ProgramSection};

use super::call;
use super::program::{CLASSIFIER, FRAGMENTS, Program, XDP};

/// The name of each program of an object file, and the verifier's closing lines. The maps are those
/// that somebody pinned by their names.
pub fn verdicts(file: &Path, maps: &Path) -> Result<Vec<(String, String)>> {
    let mut object = Object::parse(&fs::read(file)?)?;
    // The code names them by descriptors.
    let _maps = relocate(&mut object, maps)?;
    let programs = object.programs.iter();
    let verdict = |(name, program): (&String, &aya_obj::Program)| {
        let function = object.functions.get(&program.function_key());
        let function = function.with_context(|| format!("{name} has no code"))?;
        let code: Vec<u64> = function.instructions.iter().copied().map(word).collect();
        let (kind, flags) = match program.section {
            ProgramSection::Xdp { frags, .. } => (XDP, if frags { FRAGMENTS } else { 0 }),
            ProgramSection::SchedClassifier => (CLASSIFIER, 0),
            _ => bail!("{name} is neither for XDP nor a classifier"),
        };
        let (_, said) = Program::verified(flags, kind, name, &code)?;
        Ok((name.clone(), said))
    };
    programs.map(verdict).collect()
}

/// Puts maps and functions where the code names them.
fn relocate(object: &mut Object, pins: &Path) -> Result<Vec<(String, OwnedFd, Map)>> {
    let maps = object.maps.clone().into_iter();
    let open = |(name, map): (String, Map)| {
        let pin = call::open_pinned(&pins.join(&name)).with_context(|| name.clone())?;
        Ok((name, pin, map))
    };
    let maps = maps.map(open).collect::<Result<Vec<_>>>()?;
    let sections: HashSet<usize> = object.functions.keys().map(|key| key.0).collect();
    let named = maps
        .iter()
        .map(|(name, pin, map)| (name.as_str(), pin.as_raw_fd(), map));
    object.relocate_maps(named, &sections)?;
    object.relocate_calls(&sections)?;
    Ok(maps)
}

/// As this module's neighbours write instructions.
fn word(instruction: bpf_insn) -> u64 {
    super::code::op(
        instruction.code,
        instruction.dst_reg(),
        instruction.src_reg(),
        instruction.off,
        instruction.imm,
    )
}
