//! One log line for each packet, in builds for developers only.

use aya_ebpf::EbpfContext;
use isatap_common::{
    abi::{Direction, Layer},
    path::Reason,
};

/// Logs the decision on a packet, as the numbers that index `COUNTERS`.
#[cfg(feature = "log")]
#[inline(always)]
pub fn trace(
    ctx: &impl EbpfContext,
    direction: Direction,
    layer: Layer,
    reason: Reason,
    bytes: u32,
) {
    // Numbers: the words would cost the verifier a branch for each of them, on every path.
    aya_log_ebpf::debug!(
        ctx,
        "direction {} layer {} reason {}, {} bytes",
        direction as u32,
        layer as u32,
        reason as u32,
        bytes
    );
}

/// Nothing: the build that operators run has no log.
#[cfg(not(feature = "log"))]
#[inline(always)]
pub fn trace(_: &impl EbpfContext, _: Direction, _: Layer, _: Reason, _: u32) {}
