//! Builds the kernel programs into `OUT_DIR`, an object file for each of [`OBJECTS`].

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use aya_build::{Package, Toolchain};

use choose::Choice;

#[expect(
    dead_code,
    reason = "the set-up, which owns the file, also asks for the LLVM version"
)]
#[path = "../xtask/src/bpf/choose.rs"]
mod choose;

/// The binaries of the package.
const OBJECTS: [&str; 3] = ["isatap", "isatap-uplink", "isatap-native"];

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed=../isatap-common/src");
    println!("cargo:rerun-if-changed=../xtask/src/bpf/choose.rs");
    println!("cargo:rerun-if-env-changed={}", choose::OVERRIDE);
    let choice = choose::choose()
        .context("no compiler for BPF with the source of `core`; run `cargo xtask setup`")?;
    require_linker()?;
    unlock_unstable_flags(&choice);
    choose_instructions();
    let features: &[&str] = if env::var_os("CARGO_FEATURE_TRACE").is_some() {
        &["log"]
    } else {
        &[]
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").context("OUT_DIR is not set")?);
    let shared = shared(&out)?;
    let _lock = locked(&shared)?;
    set("OUT_DIR", &shared);
    let package = Package {
        name: "isatap-ebpf",
        root_dir: "../isatap-ebpf",
        features,
        ..Package::default()
    };
    aya_build::build_ebpf([package], Toolchain::Custom(&choice.name)).context(
        "the kernel programs do not build; if the linker complains, run `cargo xtask setup`",
    )?;
    for object in OBJECTS {
        fs::copy(shared.join(object), out.join(object)).context(object)?;
    }
    Ok(())
}

/// Where they are compiled: one directory for all profiles, and for clippy, which runs this script with
/// an `OUT_DIR` of its own. `core` alone takes most of a minute.
fn shared(out: &Path) -> Result<PathBuf> {
    // target/PROFILE/build/PACKAGE/out
    let target = out.ancestors().nth(4).context("OUT_DIR is not in target")?;
    let shared = target.join("bpf");
    fs::create_dir_all(&shared)?;
    Ok(shared)
}

/// Two cargos may build two profiles at once.
fn locked(shared: &Path) -> Result<File> {
    let lock = File::create(shared.join("lock"))?;
    lock.lock()?;
    Ok(lock)
}

fn require_linker() -> Result<()> {
    if Command::new("bpf-linker")
        .arg("--version")
        .output()
        .is_err()
    {
        bail!("bpf-linker is not installed; run `cargo xtask setup`");
    }
    Ok(())
}

/// Lets a stable compiler build `core`. Only here, so that every other crate is built as stable.
fn unlock_unstable_flags(choice: &Choice) {
    if choice.nightly {
        return;
    }
    set("RUSTC_BOOTSTRAP", "1");
}

/// The instruction set with 32-bit operations and comparisons, which Linux has known since 5.1.
/// Half of what headers hold is that wide. aya-build sets the compiler's flags and takes no more;
/// a profile may have its own.
fn choose_instructions() {
    let flags = [
        ("CARGO_UNSTABLE_PROFILE_RUSTFLAGS", "true"),
        ("CARGO_PROFILE_RELEASE_RUSTFLAGS", "-Ctarget-cpu=v3"),
        (
            "CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_RUSTFLAGS",
            "-Cdebuginfo=0",
        ),
    ];
    for (name, value) in flags {
        set(name, value);
    }
}

fn set(name: &str, value: impl AsRef<OsStr>) {
    #[expect(
        unsafe_code,
        reason = "the variable must reach the compiler that aya-build starts"
    )]
    // SAFETY: a build script has one thread.
    unsafe {
        env::set_var(name, value);
    }
}
