//! `bpf-linker`, which has to be built against the LLVM that is inside the compiler.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::{packages, shell, workspace};

const VERSION: &str = "0.13.0";

/// Installs the linker if there is none, and refuses one of another LLVM.
pub fn ensure(llvm: u32) -> Result<()> {
    if !shell::succeeds("bpf-linker", &["--version"]) {
        return install(llvm);
    }
    match built_for() {
        Some(found) if found != llvm => bail!(
            "bpf-linker is built for LLVM {found}, the compiler has LLVM {llvm}. Type:\n  \
             cargo uninstall bpf-linker && cargo xtask setup"
        ),
        Some(_) => Ok(()),
        None => {
            println!(
                "bpf-linker does not tell its LLVM; \"Invalid record\" means it is not {llvm}"
            );
            Ok(())
        }
    }
}

fn install(llvm: u32) -> Result<()> {
    packages::ensure("bpf-linker", &packages::linker(llvm))?;
    println!("installing bpf-linker {VERSION} for LLVM {llvm} (about a minute)");
    let feature = format!("llvm-{llvm}");
    let mut install = shell::command("cargo", &["install", "--locked", "bpf-linker"])?;
    install.args([
        "--version",
        VERSION,
        "--no-default-features",
        "--features",
        &feature,
    ]);
    // The build in this repository's target directory would outlive its use.
    install.env_remove("CARGO_TARGET_DIR");
    shell::run_command(install.env("LLVM_PREFIX", format!("/usr/lib/llvm-{llvm}")))?;
    let stamp = stamp()?;
    if let Some(directory) = stamp.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(&stamp, llvm.to_string()).with_context(|| format!("writing {}", stamp.display()))
}

/// The linker's shared library tells; a statically linked one only the note taken at its set-up.
fn built_for() -> Option<u32> {
    from_library().or_else(|| fs::read_to_string(stamp().ok()?).ok()?.trim().parse().ok())
}

fn from_library() -> Option<u32> {
    let path = shell::read("sh", &["-c", "command -v bpf-linker"])?;
    let libraries = shell::read("ldd", &[path.trim()])?;
    let (_, rest) = libraries.split_once("libLLVM")?;
    let digits = rest.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    digits
        .split(|letter: char| !letter.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn stamp() -> Result<PathBuf> {
    Ok(workspace::target()?.join("xtask").join("bpf-linker-llvm"))
}
