//! From what there should be and what there is to what to do about it.
//!
//! `observe` reads the kernel, [`diff()`] compares, `apply` acts; only [`diff()`] decides. Ours are the
//! device, its addresses with our mark and its routes with our protocol number: whatever the
//! kernel or an administrator adds is left alone, and counts if it is just what was wanted.

mod action;
mod apply;
mod diff;
mod lifetime;
mod observe;
mod state;
#[cfg(test)]
mod tests;

pub use action::Action;
pub use apply::{apply, apply_all, undo};
pub use diff::diff;
pub use lifetime::brief;
pub use observe::observe;
pub use state::{AddressSpec, Desired, DeviceSpec, DeviceState, Observed, RouteSpec, Speaker};
