//! Frames of which everything is decided but the way out: one look-up of a route, and a line for the
//! cache.

pub mod inward;
pub mod outward;
