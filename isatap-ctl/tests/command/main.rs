//! The command from the outside: what it prints and its exit codes.
#![cfg(test)]

mod addr;
mod check;
mod help;
mod idle;
mod pinned;
mod readme;

use std::process::{Command, Output};

/// Runs the command and returns exit code, standard output and standard error.
fn isatap_ctl(arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_isatap-ctl"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    (
        status.code().unwrap(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

/// Runs the command with `-j` and returns exit code and document.
fn document(arguments: &[&str]) -> (i32, serde_json::Value) {
    let (code, stdout, stderr) = isatap_ctl(&[arguments, &["-j"]].concat());
    assert_eq!(stderr, "", "{arguments:?}");
    (code, serde_json::from_str(&stdout).unwrap())
}
