//! Bounds that stay where the verifier looks for them.
#![expect(
    unsafe_code,
    reason = "one instruction that must not be optimised away"
)]

use core::{arch::asm, hint::assert_unchecked};

/// The bits of `number` that are in `MASK`, which must be one less than a power of two.
///
/// The compiler drops a check of which it knows the outcome: that the octets of a 16-bit field make
/// no more than 65535, that a search of sixteen slots ends at one of them. The verifiers of Linux
/// 6.1 and 6.12 do not know as much, and refuse the pointer that the number is added to. The
/// compiler cannot see into this instruction, so it stays. One that is empty would not do: its
/// line information would clash with that of the next, and the kernel refuses that as well.
#[inline(always)]
pub fn masked<const MASK: u32>(mut number: usize) -> usize {
    const { assert!(MASK & (MASK + 1) == 0, "not one less than a power of two") };
    // SAFETY: the instruction has no other effect than the one that is declared, and its outcome
    // is what is claimed.
    unsafe {
        asm!(
            "{number} &= {mask}",
            number = inlateout(reg) number,
            mask = const MASK,
            options(pure, nomem, nostack)
        );
        assert_unchecked(number <= MASK as usize);
    }
    number
}
