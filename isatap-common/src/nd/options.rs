//! The options of a message.

use super::NdError;

/// Octets in a unit of option length.
const UNIT: usize = 8;

/// A list of options whose lengths have been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options<'a> {
    rest: &'a [u8],
}

impl<'a> Options<'a> {
    /// Checks that every option has a length and ends inside the message.
    pub fn check(bytes: &'a [u8]) -> Result<Self, NdError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = split(rest).ok_or(NdError::Option)?.1;
        }
        Ok(Self { rest: bytes })
    }
}

impl<'a> Iterator for Options<'a> {
    /// Type and whole option, its two octets of type and length included.
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (option, rest) = split(self.rest)?;
        self.rest = rest;
        Some((*option.first()?, option))
    }
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes {
        [_, units @ 1..=u8::MAX, ..] => bytes.split_at_checked(usize::from(*units) * UNIT),
        _ => None,
    }
}
