//! IPv4 options of the outer header, which only the slow path sees.

use super::Reason;

/// End of the list.
const END: u8 = 0;
/// Padding.
const NO_OPERATION: u8 = 1;
/// Loose source and record route.
const LOOSE_SOURCE_ROUTE: u8 = 131;
/// Strict source and record route.
const STRICT_SOURCE_ROUTE: u8 = 137;

/// Whether the options of an outer header are harmless: a list that is well formed and has no
/// source route (RFC 791 section 3.1).
pub fn check(mut options: &[u8]) -> Result<(), Reason> {
    while let [kind, rest @ ..] = options {
        options = match (*kind, rest) {
            (END, _) => return Ok(()),
            (NO_OPERATION, _) => rest,
            (LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE, _) => return Err(Reason::SourceRoute),
            (_, [length, ..]) if *length >= 2 => options
                .get(usize::from(*length)..)
                .ok_or(Reason::Malformed)?,
            _ => return Err(Reason::Malformed),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_routes_and_broken_lists_are_refused() {
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[1, 1, 1, 1]), Ok(()));
        assert_eq!(check(&[0, 131, 0, 0]), Ok(()));
        assert_eq!(check(&[148, 4, 0, 0]), Ok(()));
        assert_eq!(check(&[1, 131, 3, 4]), Err(Reason::SourceRoute));
        assert_eq!(check(&[137, 3, 4, 0]), Err(Reason::SourceRoute));
        assert_eq!(check(&[148, 1, 0, 0]), Err(Reason::Malformed));
        assert_eq!(check(&[148, 5, 0, 0]), Err(Reason::Malformed));
        assert_eq!(check(&[148]), Err(Reason::Malformed));
    }
}
