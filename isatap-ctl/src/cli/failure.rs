use std::fmt;
use std::io::ErrorKind;
use std::process::ExitCode;

use super::exit;
use super::style::Style;
use crate::config::Diagnostics;
use crate::datapath::DatapathError;
use crate::{daemon, kernel};

/// An error with an exit code of its own and, where one helps, a hint. Any other error exits with
/// [`exit::FAILED`].
///
/// It keeps both also below a context: `Err(Failure::unsuitable("…")).context("…")`.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Failed at run time.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(exit::FAILED, message)
    }

    /// The command does not take these arguments.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(exit::USAGE, message)
    }

    /// Neither a daemon nor pinned maps for `interface`.
    pub fn nothing_running(interface: &str) -> Self {
        Self::new(
            exit::NOTHING_RUNNING,
            format!("{interface}: nothing is running"),
        )
    }

    /// The configuration or the kernel does not allow it.
    pub fn unsuitable(message: impl Into<String>) -> Self {
        Self::new(exit::UNSUITABLE, message)
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Prints `error` with its causes and a hint to standard error, and returns its exit code.
#[expect(clippy::print_stderr, reason = "this is where errors are printed")]
pub(super) fn report(error: &anyhow::Error, style: Style) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if let Some(diagnostics) = error.downcast_ref::<Diagnostics>() {
        eprintln!("{diagnostics}");
        return ExitCode::from(exit::UNSUITABLE);
    }
    eprintln!("{} {error}", style.bad("error:"));
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
    if let Some(hint) = hint(error) {
        eprintln!("{} {hint}", style.bold("hint:"));
    }
    ExitCode::from(code(error))
}

fn code(error: &anyhow::Error) -> u8 {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.code;
    }
    let unsuitable = error.is::<daemon::Unsuitable>()
        || error.is::<DatapathError>()
        || error
            .downcast_ref::<kernel::Error>()
            .is_some_and(kernel::Error::is_unsuitable);
    if unsuitable {
        exit::UNSUITABLE
    } else {
        exit::FAILED
    }
}

/// `isatap-ctl … | head` is no error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    has_kind(error, ErrorKind::BrokenPipe)
}

fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(hint) = error.downcast_ref::<Failure>().and_then(|f| f.hint.clone()) {
        return Some(hint);
    }
    if let Some(error) = error.downcast_ref::<DatapathError>()
        && let Some(remedy) = error.remedy()
    {
        return Some(remedy.to_owned());
    }
    has_kind(error, ErrorKind::PermissionDenied)
        .then(|| "run this as root, or with CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN".to_owned())
}

fn has_kind(error: &anyhow::Error, kind: ErrorKind) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        let json = cause.downcast_ref::<serde_json::Error>();
        io.map(std::io::Error::kind)
            .or_else(|| json.and_then(serde_json::Error::io_error_kind))
            == Some(kind)
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn the_hint_survives_a_context() {
        let failure = Failure::unsuitable("Linux 5.4 has no CO-RE").hint("use 6.1 or later");
        let error = Err::<(), _>(failure).context("cannot load the programs");
        let error = error.unwrap_err();
        assert_eq!(hint(&error).as_deref(), Some("use 6.1 or later"));
        assert_eq!(error.downcast_ref::<Failure>().unwrap().code, 78);
    }

    #[test]
    fn missing_rights_are_hinted_at() {
        let error = anyhow::Error::from(std::io::Error::from(ErrorKind::PermissionDenied));
        assert!(
            hint(&error.context("cannot open"))
                .unwrap()
                .contains("root")
        );
    }
}
