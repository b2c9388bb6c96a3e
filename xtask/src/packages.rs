//! Debian packages, installed only when missing.

use anyhow::{Result, bail};

use crate::shell;

/// What the lab and the tests in namespaces start.
pub const LAB: &[&str] = &[
    "bpftool",
    "dbus-daemon",
    "dnsmasq-base",
    "ethtool",
    "iperf3",
    "iproute2",
    "iputils-ping",
    "libsystemd-shared",
    "nftables",
    "procps",
    "tcpdump",
    "util-linux",
];

/// What builds virtual machines, runs them and reads what they brought out.
pub const MACHINES: &[&str] = &[
    "binutils",
    "busybox-static",
    "clang",
    "cpio",
    "kmod",
    "python3-scapy",
    "qemu-system-x86",
    "tshark",
    "xz-utils",
];

/// Debian's compiler with BPF in its LLVM, and the source of its `core`.
pub const COMPILER: &[&str] = &["cargo-web", "rust-web-src", "rustc-web"];

/// What `bpf-linker` is built from.
pub fn linker(llvm: u32) -> Vec<String> {
    let mut names = vec![format!("llvm-{llvm}-dev"), format!("libpolly-{llvm}-dev")];
    names.extend(["libxml2-dev", "libzstd-dev", "zlib1g-dev"].map(String::from));
    names
}

/// Installs those that are missing, or says how and stops.
pub fn ensure<S: AsRef<str>>(purpose: &str, wanted: &[S]) -> Result<()> {
    let wanted = wanted.iter().map(AsRef::as_ref);
    if !shell::succeeds("dpkg-query", &["--version"]) {
        let names = wanted.collect::<Vec<_>>().join(" ");
        println!("not a Debian system; {purpose} needs what Debian calls: {names}");
        return Ok(());
    }
    let missing: Vec<&str> = wanted.filter(|name| !is_installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if !is_root() {
        bail!(
            "{purpose} needs Debian packages; as root, type:\n  \
             apt-get update && apt-get install -y --no-install-recommends {names}"
        );
    }
    println!("installing for {purpose}: {names}");
    shell::run("apt-get", &["update", "-q"])?;
    let mut install = shell::command(
        "apt-get",
        &["install", "-q", "-y", "--no-install-recommends"],
    )?;
    shell::run_command(
        install
            .args(missing)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// Whether this process may change the machine.
pub fn is_root() -> bool {
    shell::read("id", &["-u"]).is_some_and(|id| id.trim() == "0")
}

fn is_installed(name: &str) -> bool {
    shell::read("dpkg-query", &["-W", "-f", "${db:Status-Status}", name])
        .is_some_and(|status| status == "installed")
}
