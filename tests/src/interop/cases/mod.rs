//! The cases, by what stands on the other side.

mod kernel;
mod replay;
mod sit_host;

use super::case::Case;

/// Every group, in the order of the document.
pub const ALL: &[&[Case]] = &[kernel::CASES, sit_host::CASES, replay::CASES];
