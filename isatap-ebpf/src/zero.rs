//! Zeros without a loop.
#![expect(unsafe_code, reason = "memory is written through a raw pointer")]

/// Fills what `to` points to with zeros, eight octets at a time.
///
/// Left to the compiler this is a call of `memset`, whose loop over octets is many instructions
/// and is refused to a process without CAP_PERFMON: to the verifier's mind a processor may
/// guess past its end.
///
/// # Safety
///
/// `to` is valid for writes and aligned to eight, and zeros are a value of `T`.
#[inline(always)]
pub unsafe fn zero<T>(to: *mut T) {
    const { assert!(size_of::<T>() % 8 == 0, "not a whole number of words") };
    let words = to.cast::<u64>();
    let mut done = 0;
    while done < size_of::<T>() / 8 {
        // SAFETY: the caller's promise. The write is volatile so that it stays one.
        unsafe { words.add(done).write_volatile(0) };
        done += 1;
    }
}
