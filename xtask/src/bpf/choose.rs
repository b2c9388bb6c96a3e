//! Which compiler builds the kernel programs.
//!
//! The build script of `isatap-ctl` includes this file, so that a bare `cargo build` and
//! `cargo xtask` agree. It uses nothing outside the standard library.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// Names a rustup toolchain that is used as it is.
pub const OVERRIDE: &str = "ISATAP_BPF_TOOLCHAIN";

/// The rustup name under which Debian's compiler is linked.
pub const DEBIAN: &str = "debian";

/// A rustup toolchain able to build for BPF.
pub struct Choice {
    /// What `rustup run` takes.
    pub name: String,
    /// Whether unstable flags work without `RUSTC_BOOTSTRAP`.
    pub nightly: bool,
}

/// The first that has the source of `core`: the override, a nightly, Debian's.
pub fn choose() -> Option<Choice> {
    if let Ok(name) = env::var(OVERRIDE) {
        return Some(Choice::of(name));
    }
    let installed = installed();
    let mut nightlies = installed.iter().filter(|name| name.starts_with("nightly"));
    nightlies
        .find(|name| has_core_source(name))
        .or_else(|| {
            let mut others = installed.iter();
            others.find(|name| *name == DEBIAN && has_core_source(name))
        })
        .cloned()
        .map(Choice::of)
}

impl Choice {
    fn of(name: String) -> Self {
        let version = rustc(&name, &["--version"]).unwrap_or_default();
        let nightly = version.contains("-nightly") || version.contains("-dev");
        Self { name, nightly }
    }

    /// The major version of the LLVM inside this compiler.
    pub fn llvm_major(&self) -> Option<u32> {
        let verbose = rustc(&self.name, &["--version", "--verbose"])?;
        let version = verbose
            .lines()
            .find_map(|line| line.strip_prefix("LLVM version: "))?;
        version.split('.').next()?.parse().ok()
    }
}

fn installed() -> Vec<String> {
    let listed = output(Command::new("rustup").args(["toolchain", "list"])).unwrap_or_default();
    let names = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    names.map(String::from).collect()
}

fn has_core_source(name: &str) -> bool {
    rustc(name, &["--print", "sysroot"]).is_some_and(|sysroot| {
        PathBuf::from(sysroot.trim())
            .join("lib/rustlib/src/rust/library/core/Cargo.toml")
            .exists()
    })
}

fn rustc(toolchain: &str, args: &[&str]) -> Option<String> {
    output(
        Command::new("rustup")
            .args(["run", toolchain, "rustc"])
            .args(args),
    )
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
