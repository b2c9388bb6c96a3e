use super::Failure;
use super::pins;
use crate::config;

/// Reads the name of an interface from the command line.
pub(super) fn name(text: &str) -> Result<String, String> {
    if config::is_interface_name(text) {
        return Ok(text.to_owned());
    }
    Err("expected the name of an interface, 1 to 15 characters".to_owned())
}

/// The interface that is meant: the given one, the only one that is pinned, or `isatap0`.
pub(super) fn interface(given: Option<&str>) -> String {
    let given = given.map(str::to_owned);
    given
        .or_else(only_one)
        .unwrap_or_else(|| "isatap0".to_owned())
}

/// The commands that read a file take the name from there.
pub(super) fn not_here() -> Failure {
    Failure::usage("--interface has no meaning here")
        .hint("the name of the interface is interface.name in the configuration file")
}

fn only_one() -> Option<String> {
    let mut names = std::fs::read_dir(pins::ROOT)
        .ok()?
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok());
    let first = names.next()?;
    names.next().is_none().then_some(first)
}
