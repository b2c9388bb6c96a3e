//! Time, on the machine itself: no guest, and nothing beside it.
//!
//! Everything that can be is compared within a round with a control that ran a moment before or
//! after, because a machine that others share is never twice the same.

mod alone;
mod cores;
mod frames;
mod grace;
pub mod outcome;
mod pair;
mod processor;
pub mod report;
pub mod run;
mod tcp;
mod way;
