//! What this kernel makes of the kernel programs.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::outcome::Program;
use crate::{bpf, exec};

const PINS: &str = "/sys/fs/bpf/isatap-figures";
/// The object files, and whose their programs are, where those of another have the same names.
const OBJECTS: [(&str, &str); 3] = [
    ("isatap.o", ""),
    ("isatap-uplink.o", " (uplink)"),
    ("isatap-native.o", " (native link)"),
];

/// Loads each program of the object files in a directory, reads the verifier's closing lines and the sizes.
pub fn figures(directory: &Path) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for (object, whose) in OBJECTS {
        programs.extend(of(&directory.join(object), whose)?);
    }
    programs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(programs)
}

fn of(object: &Path, whose: &str) -> Result<Vec<Program>> {
    let pins = Path::new(PINS);
    let mut load = Command::new("bpftool");
    load.args(["prog", "loadall"]).arg(object).arg(pins);
    load.arg("pinmaps").arg(pins.join("maps"));
    exec::read(&mut load)?;
    let verdicts = bpf::verdicts(object, &pins.join("maps"))?;
    let mut programs = verdicts
        .iter()
        .map(|(name, said)| parse(name, said))
        .collect::<Result<Vec<_>>>()?;
    programs.iter_mut().try_for_each(measure)?;
    fs::remove_dir_all(pins).with_context(|| PINS.to_owned())?;
    for program in &mut programs {
        program.name.push_str(whose);
    }
    Ok(programs)
}

fn measure(program: &mut Program) -> Result<()> {
    let show = format!("bpftool -j prog show pinned {PINS}/{}", program.name);
    let printed = exec::line(&show)?;
    let document: Value = serde_json::from_str(&printed)?;
    let octets = |key| document.get(key).and_then(Value::as_u64);
    program.translated = octets("bytes_xlated").context("no translated size")? / 8;
    program.compiled = octets("bytes_jited").context("not compiled")?;
    Ok(())
}

/// `stack depth A+B`, `processed N insns`.
fn parse(name: &str, said: &str) -> Result<Program> {
    let after = |words| said.lines().find_map(|line| line.strip_prefix(words));
    let verified = after("processed ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    let stack = after("stack depth ").map(deepest);
    let (verified, stack) = verified
        .zip(stack)
        .with_context(|| format!("the verifier says of {name}:\n{said}"))?;
    Ok(Program {
        name: name.to_owned(),
        verified,
        stack,
        translated: 0,
        compiled: 0,
    })
}

/// The program's frame and the largest of the functions that it calls, none of which calls another.
fn deepest(depths: &str) -> u64 {
    let mut frames = depths
        .split('+')
        .filter_map(|word| word.trim().parse::<u64>().ok());
    let own = frames.next().unwrap_or(0);
    own + frames.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_are_read() {
        let said = "verification time 5 usec\nstack depth 312+8+0\n\
                    processed 14759 insns (limit 1000000) max 13\n";
        let expected = Program {
            name: "isatap_xdp".to_owned(),
            verified: 14759,
            stack: 320,
            translated: 0,
            compiled: 0,
        };
        assert_eq!(parse("isatap_xdp", said).unwrap(), expected);
        assert!(parse("isatap_xdp", "processed many").is_err());
    }
}
