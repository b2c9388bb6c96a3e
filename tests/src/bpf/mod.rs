//! The few BPF programs that tests and measuring need beside the product's, instruction by
//! instruction.
//!
//! They are not in the product's object file, so that it holds nothing that is not attached.

mod call;
mod code;
mod link;
pub mod map;
pub mod program;
pub mod spread;

pub use link::Link;
pub use map::Counter;
pub use program::Program;
pub use spread::Spread;
