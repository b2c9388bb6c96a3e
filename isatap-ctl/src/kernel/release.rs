//! Which kernel this is, for what cannot be tried.

use std::fs;

/// Major and minor number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(u32, u32);

impl Release {
    /// The first that redirects XDP frames in several pieces; those before drop them.
    pub const REDIRECTS_PIECES: Self = Self(6, 3);

    /// The running one; the oldest there could be if it does not say.
    pub fn running() -> Self {
        let text = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self::parse(&text).unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(|letter: char| !letter.is_ascii_digit());
        let mut next = || numbers.next()?.parse().ok();
        Some(Self(next()?, next()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_numbers_are_read_and_compared() {
        let old = Release::parse("6.1.0-49-cloud-amd64\n").unwrap();
        let new = Release::parse("6.12.117+deb12-cloud-amd64\n").unwrap();
        assert!(old < Release::REDIRECTS_PIECES && Release::REDIRECTS_PIECES < new);
        assert_eq!(Release::parse("unknown"), None);
        assert!(Release::running() > Release::default());
    }
}
