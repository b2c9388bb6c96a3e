//! The compiler and the linker for the kernel programs.

pub mod choose;
pub mod linker;
mod toolchain;

pub use toolchain::ensure;
