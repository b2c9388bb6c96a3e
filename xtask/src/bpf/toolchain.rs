use anyhow::{Context as _, Result, bail};

use super::choose::{self, Choice};
use super::linker;
use crate::{packages, shell};

/// Finds or installs a compiler for BPF and the linker that fits it.
pub fn ensure() -> Result<Choice> {
    if !shell::succeeds("rustup", &["--version"]) {
        bail!("rustup is not on PATH; install it from https://rustup.rs");
    }
    let choice = match choose::choose() {
        Some(choice) => choice,
        None => debian()?,
    };
    let llvm = choice
        .llvm_major()
        .with_context(|| format!("`rustup run {} rustc -vV` names no LLVM", choice.name))?;
    linker::ensure(llvm)?;
    println!(
        "kernel programs: toolchain `{}` and bpf-linker, both of LLVM {llvm}",
        choice.name
    );
    Ok(choice)
}

fn debian() -> Result<Choice> {
    if !shell::succeeds("apt-get", &["--version"]) {
        bail!(
            "no compiler for BPF. One of these helps:\n  \
             rustup toolchain install nightly --component rust-src\n  \
             {}=NAME of a rustup toolchain that has rust-src",
            choose::OVERRIDE
        );
    }
    packages::ensure("the kernel programs", packages::COMPILER)?;
    shell::run("rustup", &["toolchain", "link", choose::DEBIAN, "/usr"])?;
    choose::choose().context("Debian's compiler is installed, and yet the source of `core` is not")
}
