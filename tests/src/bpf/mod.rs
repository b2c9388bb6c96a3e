//! The few BPF programs that tests and measuring need beside the product's, instruction by
//! instruction.
//!
//! They are not in the product's object file, so that it holds nothing that is not attached.

mod again;
mod call;
mod code;
mod link;
pub mod map;
mod object;
mod peers;
pub mod program;
pub mod spread;

pub use again::Moved;
pub use link::Link;
pub use map::Counter;
pub use object::verdicts;
pub use peers::{End, Peers};
pub use program::Program;
pub use spread::Spread;
