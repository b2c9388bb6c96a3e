use anyhow::Result;

use crate::shell;

/// Unit, property, row and namespace tests.
pub fn run() -> Result<()> {
    if !shell::succeeds("cargo", &["nextest", "--version"]) {
        return shell::run("cargo", &["test", "--workspace", "--no-fail-fast"]);
    }
    let tests = shell::run(
        "cargo",
        &["nextest", "run", "--workspace", "--no-fail-fast"],
    );
    // nextest leaves the examples in the documentation out.
    let examples = shell::run("cargo", &["test", "--workspace", "--doc", "--no-fail-fast"]);
    tests.and(examples)
}
