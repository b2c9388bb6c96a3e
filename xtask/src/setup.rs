//! What each task needs, installed when missing.

use anyhow::Result;

use crate::bpf::choose::Choice;
use crate::{bpf, deny, packages, resolved};

/// For building and for running the daemon.
pub fn for_building() -> Result<Choice> {
    bpf::ensure()
}

/// For the lab as well.
pub fn for_lab() -> Result<Choice> {
    packages::ensure("the lab", packages::LAB)?;
    for_building()
}

/// For virtual machines as well.
pub fn for_machines() -> Result<Choice> {
    packages::ensure("virtual machines", packages::MACHINES)?;
    for_lab()
}

/// For everything.
pub fn for_tests() -> Result<Choice> {
    deny::ensure()?;
    let toolchain = for_machines()?;
    resolved::ensure()?;
    Ok(toolchain)
}
