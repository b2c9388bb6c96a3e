//! What this kernel can do, found by trying.

use aya::{Ebpf, TestRun as _, TestRunOptions, programs::SchedClassifier};
use nix::time::{ClockId, clock_getres};

use super::{
    Datapath, DatapathError,
    programs::{patiently, program, unpinned},
};

/// A frame that the probe can take an outer header off: Ethernet, IPv4, IPv6.
const FRAME: [u8; 74] = {
    let mut frame = [0; 74];
    frame[12] = 0x08;
    frame[14] = 0x45;
    frame[17] = 60;
    frame[22] = 64;
    frame[23] = 41;
    frame[34] = 0x60;
    frame
};

impl Datapath {
    /// Whether `BPF_F_ADJ_ROOM_DECAP_L3_IPV6` works (Linux 6.3).
    pub fn has_decap_l3(&mut self) -> Result<bool, DatapathError> {
        decap_l3(&mut self.programs.common)
    }
}

/// The same for who has no programs loaded.
pub fn has_decap_l3() -> Result<bool, DatapathError> {
    decap_l3(&mut unpinned()?)
}

/// The probe returns 1 if the flag works.
fn decap_l3(common: &mut Ebpf) -> Result<bool, DatapathError> {
    let probe: &mut SchedClassifier = program(common, "isatap_probe")?;
    patiently(|| probe.load())?;
    let mut options = TestRunOptions::new();
    options.data_in = Some(&FRAME);
    Ok(probe.test_run(options)?.return_value == 1)
}

/// Kernel ticks in a second, for which a cached next hop is believed. The coarse clock's
/// resolution is one tick.
pub fn fresh_jiffies() -> u32 {
    let tick = clock_getres(ClockId::CLOCK_MONOTONIC_COARSE).map_or(0, |tick| tick.tv_nsec());
    u32::try_from(1_000_000_000_i64.checked_div(tick).unwrap_or(100)).unwrap_or(100)
}
