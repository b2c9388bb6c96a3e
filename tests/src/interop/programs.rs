//! What this kernel makes of the kernel programs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::outcome::Program;
use crate::exec;

const PINS: &str = "/sys/fs/bpf/isatap-figures";

/// Loads each program of the object file, reads the verifier's closing lines and the sizes.
pub fn figures(object: &Path) -> Result<Vec<Program>> {
    let mut load = Command::new("bpftool");
    load.args(["--debug", "prog", "loadall"])
        .arg(object)
        .arg(PINS);
    let output = exec::output(&mut load)?;
    let mut programs = parse(&format!("{}\n{}", output.stdout, output.stderr));
    if output.code == Some(0) {
        programs.iter_mut().try_for_each(measure)?;
        std::fs::remove_dir_all(PINS).with_context(|| PINS.to_owned())?;
    }
    ensure!(
        !programs.is_empty(),
        "bpftool tells nothing of the verifier"
    );
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

/// `prog 'NAME': -- BEGIN PROG LOAD LOG --`, `stack depth A+B`, `processed N insns`.
fn parse(log: &str) -> Vec<Program> {
    let mut programs = Vec::new();
    let (mut name, mut stack) = (None, 0);
    for line in log.lines() {
        if line.contains("BEGIN PROG LOAD LOG") {
            name = line.split('\'').nth(1);
        } else if let Some(depths) = line.strip_prefix("stack depth ") {
            stack = deepest(depths);
        } else if let Some(rest) = line.strip_prefix("processed ") {
            let verified = rest.split(' ').next().and_then(|word| word.parse().ok());
            if let Some((name, verified)) = name.take().zip(verified) {
                let name = name.to_owned();
                programs.push(Program {
                    name,
                    verified,
                    stack,
                    translated: 0,
                    compiled: 0,
                });
            }
        }
    }
    programs.sort_by(|one, other| one.name.cmp(&other.name));
    programs
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
    fn the_closing_lines_of_each_program_are_read() {
        let log = "libbpf: prog 'isatap_xdp': -- BEGIN PROG LOAD LOG --\n0: R1=ctx()\n\
                   stack depth 312+8+0\nprocessed 14759 insns (limit 1000000) max 13\n\
                   -- END PROG LOAD LOG --\nprocessed 1 insns\n";
        let expected = Program {
            name: "isatap_xdp".to_owned(),
            verified: 14759,
            stack: 320,
            translated: 0,
            compiled: 0,
        };
        assert_eq!(parse(log), [expected]);
    }
}
