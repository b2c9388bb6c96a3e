//! What runs a guest's instructions.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::machine::Machine;

/// A guest that has not come up by then never will.
const TRIAL: Duration = Duration::from_secs(8);

/// KVM where it works, otherwise an emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// The processor itself.
    Kvm,
    /// An emulator whose clock counts instructions: one nanosecond is one instruction, and time in
    /// which nothing is to do is skipped. A busy machine under it changes no figure, no timeout
    /// comes too early, and waiting for a lifetime to end costs nothing.
    Counting,
}

impl Accelerator {
    /// KVM only if this guest really comes up with it: the device may be there and yet fail.
    pub fn choose(machine: &Machine<'_>) -> Result<Self> {
        if Path::new("/dev/kvm").exists() && machine.comes_up(Self::Kvm, TRIAL)? {
            return Ok(Self::Kvm);
        }
        Ok(Self::Counting)
    }

    /// The arguments of qemu.
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Kvm => &["-accel", "kvm", "-cpu", "host"],
            Self::Counting => &[
                "-accel",
                "tcg",
                "-icount",
                "shift=0,align=off,sleep=off",
                // These two copy whole buffers in one instruction.
                "-cpu",
                "max,-erms,-fsrm",
            ],
        }
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Kvm => "KVM",
            Self::Counting => "emulated, the clock counts instructions",
        })
    }
}
