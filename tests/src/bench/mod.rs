//! What a packet costs on its way through the router, beside what it costs without this product.
//!
//! Inside a virtual machine whose clock counts instructions [`run`] sends frames through the
//! programs as `isatap-ctl run` loads and attaches them, through Linux's `sit`, and through routers
//! that do less than either. On a machine itself [`timed`] takes the time of some of that. Outside,
//! [`report`] sets the figures beside each other and beside the goals.

mod bed;
mod case;
pub mod control;
pub mod cost;
mod device;
mod entrance;
mod evidence;
pub mod flow;
mod forged;
pub mod goals;
mod host;
mod lane;
mod list;
mod lookups;
pub mod outcome;
pub mod plot;
pub mod report;
pub mod run;
mod sink;
mod stateless;
mod surroundings;
pub mod table;
pub mod timed;
mod transfer;
mod twin;
