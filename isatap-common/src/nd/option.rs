use super::error::NdError;

pub(super) const SOURCE_LINK_LAYER: u8 = 1;
pub(super) const PREFIX_INFORMATION: u8 = 3;
pub(super) const MTU: u8 = 5;
pub(super) const ROUTE_INFORMATION: u8 = 24;
pub(super) const RDNSS: u8 = 25;
pub(super) const DNSSL: u8 = 31;

/// A lifetime that an option carries in 32 bits (RFC 4861 section 4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifetime {
    /// This many, less than `0xffff_ffff`.
    Seconds(u32),
    /// For ever, which the option writes as `0xffff_ffff`.
    Infinite,
}

impl Lifetime {
    /// Withdraws what it belongs to.
    pub const ZERO: Self = Self::Seconds(0);

    /// The field of the option.
    pub const fn to_wire(self) -> u32 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Infinite => u32::MAX,
        }
    }

    /// The meaning of the field.
    pub const fn from_wire(field: u32) -> Self {
        match field {
            u32::MAX => Self::Infinite,
            seconds => Self::Seconds(seconds),
        }
    }

    pub(super) const fn read(bytes: [u8; 4]) -> Self {
        Self::from_wire(u32::from_be_bytes(bytes))
    }
}

/// One option: its type and what follows the length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    pub(super) kind: u8,
    pub(super) body: &'a [u8],
}

/// The options of `bytes`, up to the first whose length is wrong.
pub(super) fn options(bytes: &[u8]) -> impl Iterator<Item = Raw<'_>> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        let (first, after) = split_option(rest)?;
        rest = after;
        Some(first)
    })
}

/// Whether every option has a length above zero and ends inside `bytes`.
pub(super) fn check(bytes: &[u8]) -> Result<(), NdError> {
    let mut rest = bytes;
    while !rest.is_empty() {
        (_, rest) = split_option(rest).ok_or(NdError::OptionLength)?;
    }
    Ok(())
}

fn split_option(bytes: &[u8]) -> Option<(Raw<'_>, &[u8])> {
    let [kind, units, ..] = bytes else {
        return None;
    };
    let (option, rest) = bytes.split_at_checked(usize::from(*units) * 8)?;
    let body = option.get(2..)?;
    Some((Raw { kind: *kind, body }, rest))
}

/// An option of `kind` with `body`, zero padded to a multiple of eight bytes.
pub(super) fn write(kind: u8, body: &[u8]) -> Vec<u8> {
    let units = (body.len() + 2).div_ceil(8);
    let mut bytes = vec![kind, units as u8];
    bytes.extend_from_slice(body);
    bytes.resize(units * 8, 0);
    bytes
}
