//! The packet path: parse → admit → rewrite → verdict, as pure functions.

mod verdict;

pub use verdict::{Reason, Verdict};
