//! Numbers of the maps in words.

use isatap_common::abi::{PrlSource, Reachability, Standing};

use crate::config::Preference;

/// The source of a Potential Router List entry.
pub(super) fn source(number: u32) -> &'static str {
    [PrlSource::Static, PrlSource::Dns, PrlSource::Command]
        .into_iter()
        .find(|source| *source as u32 == number)
        .map_or("unknown", PrlSource::name)
}

/// The preference that 1, 0 and -1 stand for.
pub(super) const fn preference(number: i32) -> Preference {
    match number {
        1.. => Preference::High,
        0 => Preference::Medium,
        _ => Preference::Low,
    }
}

/// A preference as it is printed.
pub(super) const fn preference_name(preference: Preference) -> &'static str {
    match preference {
        Preference::High => "high",
        Preference::Medium => "medium",
        Preference::Low => "low",
    }
}

/// What is left of a time that may be without end.
pub(super) fn left(seconds: Option<u64>) -> String {
    seconds.map_or_else(|| "forever".to_owned(), |seconds| format!("{seconds}s"))
}

/// A number of seconds; nothing if there is none.
pub(super) fn seconds(seconds: Option<u64>) -> String {
    seconds.map_or_else(String::new, |seconds| format!("{seconds}s"))
}

/// A neighbour state.
pub(super) fn reachability(number: u32) -> &'static str {
    let words = [
        (Reachability::Reachable, "reachable"),
        (Reachability::Stale, "stale"),
        (Reachability::Delay, "delay"),
        (Reachability::Probe, "probe"),
        (Reachability::Unreachable, "unreachable"),
    ];
    let found = words.iter().find(|(state, _)| *state as u32 == number);
    found.map_or("unknown", |(_, word)| word)
}

/// What an IPv4 address may be on the link.
pub(super) const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Known => "known",
        Standing::Unknown => "unknown",
        Standing::Martian => "martian",
        Standing::Own => "own",
    }
}
