//! How frames get into a router whose stack is to forward them.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::device::Device;
use crate::bpf::Program;
use crate::bpf::program::Attached;

/// A veth NIC takes redirected frames if it polls, which one of these makes it do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Entrance {
    /// The router has a program there already.
    Open,
    /// The NIC gathers packets.
    Gro,
    /// A program passes every frame.
    Pass,
}

impl Entrance {
    /// Makes the NIC poll, as long as what is returned lives.
    pub fn open(self, device: &Device) -> Result<Option<Attached>> {
        device.gather(self == Self::Gro)?;
        if self != Self::Pass {
            return Ok(None);
        }
        let program = Program::pass("bench_pass")?;
        let attached = device.inside.enter(|| program.attach(device.ifindex))?;
        Ok(Some(attached))
    }
}
