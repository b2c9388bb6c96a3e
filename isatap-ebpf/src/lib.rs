//! What the kernel programs are made of. The programs themselves are in three object files: the one of each side of a
//! router, and all others.
//!
//! Each program asks `isatap_common::path` for the decision and applies it; the only packet reads
//! are in `window`, the only packet writes in the two `apply` files.
#![cfg(target_arch = "bpf")]
#![no_std]
#![feature(asm_experimental_arch)]

mod cache;
mod count;
mod fib;
mod maps;
mod site;
pub mod tc;
mod trace;
mod window;
pub mod xdp;
mod zero;

use core::panic::PanicInfo;

/// Some helpers are for GPL-compatible programs only.
#[expect(unsafe_code, reason = "symbols that the loader looks for by name")]
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
