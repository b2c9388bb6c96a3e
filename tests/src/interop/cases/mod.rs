//! The cases, by what stands on the other side.

mod faults;
mod kernel;
mod sit_host;

use super::case::Case;

/// Every group, in the order of the document.
pub const ALL: &[&[Case]] = &[kernel::CASES, sit_host::CASES, faults::CASES];
