//! The cases, by what stands on the other side.

mod budget;
mod direct;
mod faults;
mod forms;
mod kernel;
mod named_routers;
mod our_radvd;
mod ours;
mod replay;
mod silent_router;
mod sit_host;
mod sit_relays;
mod sit_router;
mod two_routers;

use super::case::Case;

/// Every group, in the order of the document.
pub const ALL: &[&[Case]] = &[
    kernel::CASES,
    budget::CASES,
    ours::CASES,
    sit_host::CASES,
    sit_router::CASES,
    our_radvd::CASES,
    direct::CASES,
    two_routers::CASES,
    sit_relays::CASES,
    silent_router::CASES,
    named_routers::CASES,
    forms::CASES,
    replay::CASES,
    faults::CASES,
];
