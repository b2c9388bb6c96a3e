//! What a packet costs on its way through the router, beside what it costs without this product.
//!
//! Inside a virtual machine [`run`] sends frames through the programs as `isatap-ctl run` loads and
//! attaches them, through Linux's `sit`, and through routers that do less than either. Outside,
//! [`report`] sets the figures beside each other and beside the goals.

mod bed;
mod case;
pub mod cost;
mod device;
mod entrance;
mod evidence;
mod flow;
mod forged;
pub mod goals;
mod host;
mod lane;
mod list;
mod lookups;
pub mod outcome;
pub mod report;
pub mod run;
mod sink;
mod surroundings;
mod table;
mod transfer;
mod twin;
