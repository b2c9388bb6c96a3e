//! Everything that may be named as a proof:
//!
//! - `isatap-common path::…` and `isatap-tests::rows inward::…`: a test, as nextest calls it;
//! - `row host to server`: a row of the packet tables;
//! - `vm two-routers`: a case of `cargo xtask vm`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{shell, workspace};

/// Names that a document may cite.
pub struct Proofs(BTreeSet<String>);

impl Proofs {
    /// Asks the test programs themselves, and reads the tables.
    pub fn find() -> Result<Self> {
        let mut names = BTreeSet::new();
        for program in programs()? {
            names.extend(program.tests()?);
        }
        names.extend(rows()?);
        names.extend(cases()?);
        Ok(Self(names))
    }

    /// Whether there is such a proof.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    #[cfg(test)]
    pub fn of<const N: usize>(names: [&str; N]) -> Self {
        Self(names.into_iter().map(str::to_owned).collect())
    }
}

/// A built test program.
struct Program {
    id: String,
    file: PathBuf,
}

impl Program {
    /// Its tests, without those that are ignored.
    fn tests(&self) -> Result<BTreeSet<String>> {
        let all = self.list(&[])?;
        let ignored = self.list(&["--ignored"])?;
        let run = all.difference(&ignored);
        Ok(run.map(|test| format!("{} {test}", self.id)).collect())
    }

    fn list(&self, more: &[&str]) -> Result<BTreeSet<String>> {
        let mut command = Command::new(&self.file);
        command.args(["--list", "--format", "terse"]).args(more);
        let output = command.output().with_context(|| self.id.clone())?;
        ensure!(
            output.status.success(),
            "{} does not list its tests",
            self.id
        );
        let text = String::from_utf8_lossy(&output.stdout);
        let tests = text.lines().filter_map(|line| line.strip_suffix(": test"));
        Ok(tests.map(str::to_owned).collect())
    }
}

/// Builds every test program.
fn programs() -> Result<Vec<Program>> {
    let mut build = shell::command("cargo", &["test", "--workspace", "--no-run"])?;
    build.arg("--message-format=json-render-diagnostics");
    let output = build.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the build failed");
    let messages = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    let messages: Vec<Value> = messages
        .collect::<Result<_, _>>()
        .context("cargo's messages")?;
    Ok(messages.iter().filter_map(program).collect())
}

fn program(message: &Value) -> Option<Program> {
    let is_test = message.get("profile")?.get("test")?.as_bool()?;
    let file = message.get("executable")?.as_str().filter(|_| is_test)?;
    let target = message.get("target")?;
    let name = target.get("name")?.as_str()?;
    let manifest = PathBuf::from(message.get("manifest_path")?.as_str()?);
    let package = manifest.parent()?.file_name()?.to_str()?;
    // The folder of the tests is named for what it holds, its package for whose they are.
    let package = if package == "tests" {
        "isatap-tests"
    } else {
        package
    };
    let kind = target.get("kind")?.get(0)?.as_str()?;
    let id = match kind {
        "lib" => package.to_owned(),
        "bin" => format!("{package}::bin/{name}"),
        _ => format!("{package}::{name}"),
    };
    Some(Program {
        id,
        file: file.into(),
    })
}

/// Names of the rows of packets: the string literals in their tables.
fn rows() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(workspace::root()?.join("tests/tests/rows"))? {
        let text = fs::read_to_string(entry?.path())?;
        let literals = text.split('"').skip(1).step_by(2);
        names.extend(literals.map(|name| format!("row {name}")));
    }
    Ok(names)
}

/// Names of the cases in virtual machines.
fn cases() -> Result<Vec<String>> {
    let arguments = [
        "run",
        "--quiet",
        "--package",
        "isatap-tests",
        "--bin",
        "isatap-interop",
        "--",
        "list",
    ];
    let listed = shell::read("cargo", &arguments).context("the cases cannot be listed")?;
    let names = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    Ok(names.map(|name| format!("vm {name}")).collect())
}
