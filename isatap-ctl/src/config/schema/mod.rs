//! The file as written: a reader of typed keys that records every error and goes on.

mod problems;
mod spelling;
mod table;

pub(super) use problems::Problems;
pub(super) use table::Table;

/// Why a value is refused.
pub(super) enum Wrong {
    /// It is not what is named here.
    Expected(String),
    /// A whole sentence.
    Because(String),
}

impl Wrong {
    pub(super) fn expected(what: &str) -> Self {
        Self::Expected(what.to_owned())
    }
}
