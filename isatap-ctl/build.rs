//! Builds the kernel programs.

use anyhow::Result;
use aya_build::{Package, Toolchain};

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed=../isatap-common/src");
    println!("cargo:rerun-if-env-changed=ISATAP_BPF_TOOLCHAIN");
    let toolchain = "debian".to_string();
    #[expect(
        unsafe_code,
        reason = "the variable must reach the compiler that aya-build starts"
    )]
    // SAFETY: a build script has one thread.
    unsafe {
        std::env::set_var("RUSTC_BOOTSTRAP", "1");
    }
    let features: &[&str] = if std::env::var_os("CARGO_FEATURE_TRACE").is_some() {
        &["log"]
    } else {
        &[]
    };
    aya_build::build_ebpf(
        [Package {
            name: "isatap-ebpf",
            root_dir: "../isatap-ebpf",
            no_default_features: false,
            features,
        }],
        Toolchain::Custom(&toolchain),
    )
}
