use anyhow::Result;

use crate::cli::Output;
use crate::control::StatusDocument;

/// `isatap0: healthy: router, 1 locator, 2 prefixes`
pub(super) fn print(status: &StatusDocument, output: &mut Output<'_>) -> Result<()> {
    let style = output.style;
    let word = match problem(status) {
        None => style.good("healthy"),
        Some(problem) => style.bad(problem),
    };
    let role = status.role;
    let counts = [
        counted(status.locators.len(), "locator", "locators"),
        counted(status.prefixes.len(), "prefix", "prefixes"),
        counted(status.prl.len(), "potential router", "potential routers"),
    ];
    let counts = counts.join(", ");
    writeln!(output.to, "{}: {word}: {role}, {counts}", status.interface)?;
    Ok(())
}

/// The same order as in [`StatusDocument::is_healthy`].
fn problem(status: &StatusDocument) -> Option<&'static str> {
    if status.is_healthy() {
        None
    } else if !status.daemon.alive {
        Some("the daemon is not running")
    } else if status.locators.is_empty() {
        Some("no locator")
    } else {
        Some("no router was heard")
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
