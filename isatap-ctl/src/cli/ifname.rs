//! Interface indexes of the maps as names.

use nix::net::if_::{if_indextoname, if_nametoindex};

/// The name of the interface, or `#7` if it is gone.
pub(super) fn of(index: u32) -> String {
    if_indextoname(index)
        .ok()
        .and_then(|name| name.into_string().ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("#{index}"))
}

/// The index of the interface of that name, also in the form `#7`.
pub(super) fn index(name: &str) -> Option<u32> {
    match name.strip_prefix('#') {
        Some(number) => number.parse().ok(),
        None => if_nametoindex(name).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_round_trip() {
        assert_eq!(index("lo").map(of).as_deref(), Some("lo"));
        assert_eq!(of(4_000_000), "#4000000");
        assert_eq!(index("#4000000"), Some(4_000_000));
        assert_eq!(index("no-such-nic"), None);
    }
}
