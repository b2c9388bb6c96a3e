//! The kernel programs.
//!
//! ```text
//!  NIC ─▶ isatap_xdp ──────────────────────────────▶ NIC        the common case
//!         isatap_forward ──────────────────────────▶ NIC        the same where there is no XDP
//!           │ what they do not decide
//!           ▼
//!         isatap_in ─▶ isatap0 ─▶ IPv6 stack ─▶ isatap0 ─▶ isatap_out ─▶ NIC
//! ```
//!
//! Each program asks `isatap_common::path` for the decision and applies it; the only packet reads
//! are in `window`, the only packet writes in the two `apply` files.
#![cfg_attr(target_arch = "bpf", no_std, no_main)]
#![cfg_attr(target_arch = "bpf", feature(asm_experimental_arch))]

#[cfg(target_arch = "bpf")]
mod cache;
#[cfg(target_arch = "bpf")]
mod count;
#[cfg(target_arch = "bpf")]
mod fib;
#[cfg(target_arch = "bpf")]
mod maps;
#[cfg(target_arch = "bpf")]
mod site;
#[cfg(target_arch = "bpf")]
mod tc;
#[cfg(target_arch = "bpf")]
mod trace;
#[cfg(target_arch = "bpf")]
mod window;
#[cfg(target_arch = "bpf")]
mod xdp;
#[cfg(target_arch = "bpf")]
mod zero;

#[cfg(target_arch = "bpf")]
mod programs {
    #![expect(unsafe_code, reason = "symbols that the loader looks for by name")]

    use aya_ebpf::{
        macros::{classifier, xdp},
        programs::{TcContext, XdpContext},
    };

    /// XDP on the IPv4 and IPv6 NICs of a router: NIC to NIC, both directions.
    #[xdp(frags)]
    pub fn isatap_xdp(ctx: XdpContext) -> u32 {
        crate::xdp::run(&ctx)
    }

    /// What `isatap_xdp` does with a frame of IPv4 that its caches do not know.
    #[xdp(frags)]
    pub fn isatap_xdp_in(ctx: XdpContext) -> u32 {
        crate::xdp::uncached::inward::run(&ctx)
    }

    /// What `isatap_xdp` does with a frame of IPv6 that its cache does not know.
    #[xdp(frags)]
    pub fn isatap_xdp_out(ctx: XdpContext) -> u32 {
        crate::xdp::uncached::outward::run(&ctx)
    }

    /// What `isatap_xdp` does with a frame of IPv4 in which nothing but the way out is not known.
    #[xdp(frags)]
    pub fn isatap_way_in(ctx: XdpContext) -> u32 {
        crate::xdp::way::inward::run(&ctx)
    }

    /// What `isatap_xdp` does first with a frame of IPv6 whose way is not known.
    #[xdp(frags)]
    pub fn isatap_way_out(ctx: XdpContext) -> u32 {
        crate::xdp::way::outward::run(&ctx)
    }

    /// What `isatap_xdp` does first with a frame of IPv4 whose host has no line of its own.
    #[xdp(frags)]
    pub fn isatap_block_in(ctx: XdpContext) -> u32 {
        crate::xdp::block::inward::run(&ctx)
    }

    /// TC ingress on the IPv4 and IPv6 NICs of a router without XDP: NIC to NIC, both directions.
    #[classifier]
    pub fn isatap_forward(ctx: TcContext) -> i32 {
        crate::tc::forward::run(&ctx)
    }

    /// TC ingress on the IPv4 NICs: protocol 41 into the ISATAP device.
    #[classifier]
    pub fn isatap_in(ctx: TcContext) -> i32 {
        crate::tc::ingress::run(&ctx)
    }

    /// TC egress on the ISATAP device: IPv6 into protocol 41.
    #[classifier]
    pub fn isatap_out(ctx: TcContext) -> i32 {
        crate::tc::egress::run(&ctx)
    }

    /// Finds out which way of decapsulation the kernel knows.
    #[classifier]
    pub fn isatap_probe(ctx: TcContext) -> i32 {
        crate::tc::probe::run(&ctx)
    }

    /// Some helpers are for GPL-compatible programs only.
    #[unsafe(link_section = "license")]
    #[unsafe(no_mangle)]
    static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
}

#[cfg(not(target_arch = "bpf"))]
fn main() {}

#[cfg(target_arch = "bpf")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
