//! Our own programs for the guest.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::twin;
use crate::shell;

/// The built programs.
#[derive(Debug)]
pub struct Binaries {
    /// The product.
    pub isatap_ctl: PathBuf,
    /// Where the kernel programs are, as object files.
    objects: PathBuf,
    /// The cases, and their judge.
    interop: PathBuf,
    /// What measures, and reports it.
    bench: PathBuf,
    /// The cached path of the XDP programs in C.
    twin: PathBuf,
    /// The least that a tunnel can do, in C.
    pub stateless: PathBuf,
    /// Rows of packets through the programs.
    pub rows: PathBuf,
    /// Stories with the daemon.
    pub stories: PathBuf,
}

impl Binaries {
    /// Builds them as the tests on this machine are built.
    pub fn build() -> Result<Self> {
        let tests = [
            "--package",
            "isatap-ctl",
            "--package",
            "isatap-tests",
            "--tests",
            "--bins",
        ];
        let mut build = shell::command("cargo", &["test", "--no-run"])?;
        build
            .args(tests)
            .arg("--message-format=json-render-diagnostics");
        println!("$ cargo test --no-run {}", tests.join(" "));
        let output = build.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "the build failed");
        let messages: Vec<Value> = serde_json::Deserializer::from_slice(&output.stdout)
            .into_iter()
            .collect::<Result<_, _>>()
            .context("cargo's messages")?;
        Ok(Self {
            isatap_ctl: executable(&messages, "isatap-ctl", "bin")?,
            objects: objects(&messages)?,
            twin: twin::build(twin::TWIN)?,
            stateless: twin::build(twin::STATELESS)?,
            interop: executable(&messages, "isatap-interop", "bin")?,
            bench: executable(&messages, "isatap-bench", "bin")?,
            rows: executable(&messages, "rows", "test")?,
            stories: executable(&messages, "stories", "test")?,
        })
    }

    /// All that the guest runs.
    pub fn programs(&self) -> [(&str, &Path); 5] {
        [
            ("isatap-ctl", &self.isatap_ctl),
            ("isatap-interop", &self.interop),
            ("isatap-bench", &self.bench),
            ("rows", &self.rows),
            ("stories", &self.stories),
        ]
    }

    /// The object files of the kernel programs, and how the guest knows them.
    pub fn objects(&self) -> [(&str, PathBuf); 4] {
        let built = |name| self.objects.join(name);
        [
            ("isatap.o", built("isatap")),
            ("isatap-uplink.o", built("isatap-uplink")),
            ("isatap-native.o", built("isatap-native")),
            ("isatap-twin.o", self.twin.clone()),
        ]
    }

    /// The program of the cases, to be run here.
    pub fn interop(&self) -> Command {
        Command::new(&self.interop)
    }

    /// The program that measures, to report here.
    pub fn bench(&self) -> Command {
        Command::new(&self.bench)
    }
}

fn executable(messages: &[Value], name: &str, kind: &str) -> Result<PathBuf> {
    let built = messages.iter().find(|message| {
        let target = message.get("target");
        let is = |key: &str, wanted: &str| {
            let found = target.and_then(|target| target.get(key));
            found.is_some_and(|found| found == wanted || found == &Value::from(vec![wanted]))
        };
        is("name", name) && is("kind", kind) && !is_unit_test(message)
    });
    let path = built.and_then(|message| message.get("executable")?.as_str());
    path.map(PathBuf::from)
        .with_context(|| format!("cargo built no {kind} {name}"))
}

/// The tests inside a program are built as a program of its name.
fn is_unit_test(message: &Value) -> bool {
    let is_program = message.pointer("/target/kind/0") == Some(&Value::from("bin"));
    is_program && message.pointer("/profile/test") == Some(&Value::from(true))
}

fn objects(messages: &[Value]) -> Result<PathBuf> {
    let mut scripts = messages.iter().filter(|message| {
        message.get("reason") == Some(&Value::from("build-script-executed"))
            && message
                .get("package_id")
                .and_then(Value::as_str)
                .is_some_and(|id| id.contains("/isatap-ctl#"))
    });
    let directory = scripts.find_map(|message| message.get("out_dir")?.as_str());
    let directory = directory.context("cargo ran no build script of isatap-ctl")?;
    Ok(PathBuf::from(directory))
}
