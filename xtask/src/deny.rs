//! Licences, sources and known vulnerabilities of the dependencies.

use anyhow::Result;

use crate::shell;

const VERSION: &str = "0.20.2";

/// Installs `cargo-deny` if it is missing.
pub fn ensure() -> Result<()> {
    if shell::succeeds("cargo", &["deny", "--version"]) {
        return Ok(());
    }
    println!("installing cargo-deny {VERSION} (several minutes)");
    let mut install = shell::command(
        "cargo",
        &["install", "--locked", "cargo-deny", "--version", VERSION],
    )?;
    shell::run_command(install.env_remove("CARGO_TARGET_DIR"))
}

/// Fails on a finding; without a network the vulnerabilities stay unknown, and it says so.
pub fn check() -> Result<()> {
    shell::run("cargo", &["deny", "check", "bans", "licenses", "sources"])?;
    if !shell::succeeds("timeout", &["60", "cargo", "deny", "fetch", "db"]) {
        println!(
            "*** NOT CHECKED: known vulnerabilities. The advisory database is out of reach. ***"
        );
        return Ok(());
    }
    shell::run("cargo", &["deny", "check", "--disable-fetch", "advisories"])
}
