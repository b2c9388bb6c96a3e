//! Frames that the caches do not know: the whole decision, and what it found into the caches.

pub mod inward;
pub mod outward;
