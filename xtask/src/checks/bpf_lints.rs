use std::env::consts::ARCH;
use std::process::Command;

use anyhow::Result;

use crate::bpf::choose::Choice;
use crate::{shell, workspace};

/// The kernel programs are compiled out on the host, so they are linted for their own target:
/// with clippy if the toolchain has it, otherwise with the compiler's lints alone.
pub fn check(toolchain: &Choice) -> Result<()> {
    let name = toolchain.name.as_str();
    let has_clippy = shell::succeeds("rustup", &["run", name, "cargo", "clippy", "--version"]);
    let task = if has_clippy { "clippy" } else { "check" };
    if !has_clippy {
        println!("toolchain `{name}` has no clippy: the compiler's own lints only");
    }
    let mut lint = shell::command("rustup", &["run", name, "cargo", task, "--release"])?;
    lint.args(["--package", "isatap-ebpf", "--bins"]).args([
        "--target",
        target(),
        "-Z",
        "build-std=core",
    ]);
    shell::run_command(strict(&mut lint, toolchain)?)
}

fn strict<'a>(lint: &'a mut Command, toolchain: &Choice) -> Result<&'a mut Command> {
    if !toolchain.nightly {
        lint.env("RUSTC_BOOTSTRAP", "1");
    }
    let flags = format!("--cfg=bpf_target_arch=\"{ARCH}\"\x1f-Dwarnings");
    Ok(lint.env("CARGO_ENCODED_RUSTFLAGS", flags).env(
        "CARGO_TARGET_DIR",
        workspace::target()?.join("xtask").join("bpf-lints"),
    ))
}

fn target() -> &'static str {
    if cfg!(target_endian = "big") {
        "bpfeb-unknown-none"
    } else {
        "bpfel-unknown-none"
    }
}
