//! Frames of hosts whose place in the cache another has, as the line of their block says. The packets are
//! counted exactly, and in the accounts of hosts one stands for many: the program of a side sends the many, and the
//! programs here the one.

pub mod inward;
pub mod outward;
