//! The kernel itself: our programs load, attach and decide as they do everywhere.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::exec;
use crate::interop::case::Case;
use crate::interop::scene::Scene;

pub const CASES: &[Case] = &[Case::new(
    "rows",
    "the kernel",
    "rows of packets through the loaded programs",
    rows,
)];

fn rows(scene: &mut Scene) -> Result<()> {
    tests(scene, "rows", &[])
}

/// Runs a test program of ours, all of whose tests must pass; there must be some.
fn tests(scene: &mut Scene, program: &str, names: &[&str]) -> Result<()> {
    let mut command = Command::new(program);
    command.arg("--test-threads=1").args(names);
    let output = exec::output(&mut command)?;
    scene.write(
        &format!("{program}.log"),
        &format!("{}{}", output.stdout, output.stderr),
    )?;
    ensure!(
        output.code == Some(0),
        "{program}:\n{}{}",
        output.stdout,
        last(&output.stderr)
    );
    let passed = output
        .stdout
        .lines()
        .find(|line| line.starts_with("test result: ok"));
    let passed = passed.filter(|line| !line.contains(" 0 passed"));
    ensure!(
        passed.is_some(),
        "{program} ran no test:\n{}",
        output.stdout
    );
    scene.note(passed.unwrap_or_default());
    Ok(())
}

fn last(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let start = lines.len().saturating_sub(20);
    lines.get(start..).unwrap_or_default().join("\n")
}
