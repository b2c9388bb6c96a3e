//! Interoperability with implementations that we did not write.
//!
//! Inside a virtual machine [`run`] plays the cases and writes what happened, with packet captures
//! and what must be in them. Outside, [`judge`] reads the captures with decoders that are not ours
//! and has the last word.

pub mod capture;
pub mod case;
pub mod cases;
pub mod connectivity;
pub mod judge;
pub mod outcome;
pub mod peers;
pub mod programs;
pub mod run;
pub mod scene;
pub mod share;
