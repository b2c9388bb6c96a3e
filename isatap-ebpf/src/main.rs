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
//! A NIC of one side has the `isatap_xdp` of `uplink.rs` or of `native.rs`.
#![cfg_attr(target_arch = "bpf", no_std, no_main)]

#[cfg(target_arch = "bpf")]
mod programs {
    use aya_ebpf::{
        macros::{classifier, xdp},
        programs::{TcContext, XdpContext},
    };
    use isatap_ebpf::{tc, xdp};

    /// XDP on a NIC of a router that is on both sides: NIC to NIC, both directions.
    #[xdp(frags)]
    pub fn isatap_xdp(ctx: XdpContext) -> u32 {
        xdp::both::run(&ctx)
    }

    /// What `isatap_xdp` does with a frame of IPv4 that its caches do not know.
    #[xdp(frags)]
    pub fn isatap_xdp_in(ctx: XdpContext) -> u32 {
        xdp::uncached::inward::run(&ctx)
    }

    /// What `isatap_xdp` does with a frame of IPv6 that its cache does not know.
    #[xdp(frags)]
    pub fn isatap_xdp_out(ctx: XdpContext) -> u32 {
        xdp::uncached::outward::run(&ctx)
    }

    /// What `isatap_xdp` does with a frame of IPv4 in which nothing but the way out is not known.
    #[xdp(frags)]
    pub fn isatap_way_in(ctx: XdpContext) -> u32 {
        xdp::way::inward::run(&ctx)
    }

    /// What `isatap_xdp` does first with a frame of IPv6 whose way is not known.
    #[xdp(frags)]
    pub fn isatap_way_out(ctx: XdpContext) -> u32 {
        xdp::way::outward::run(&ctx)
    }

    /// What `isatap_xdp` does with a frame of IPv4 which stands for many in the account of its host.
    #[xdp(frags)]
    pub fn isatap_acct_in(ctx: XdpContext) -> u32 {
        xdp::block::inward::run(&ctx)
    }

    /// What `isatap_xdp` does with a frame of IPv6 which stands for many in the account of its host.
    #[xdp(frags)]
    pub fn isatap_acct_out(ctx: XdpContext) -> u32 {
        xdp::block::outward::run(&ctx)
    }

    /// TC ingress on the IPv4 and IPv6 NICs of a router without XDP: NIC to NIC, both directions.
    #[classifier]
    pub fn isatap_forward(ctx: TcContext) -> i32 {
        tc::forward::run(&ctx)
    }

    /// TC ingress on the IPv4 NICs: protocol 41 into the ISATAP device.
    #[classifier]
    pub fn isatap_in(ctx: TcContext) -> i32 {
        tc::ingress::run(&ctx)
    }

    /// TC egress on the ISATAP device: IPv6 into protocol 41.
    #[classifier]
    pub fn isatap_out(ctx: TcContext) -> i32 {
        tc::egress::run(&ctx)
    }

    /// Finds out which way of decapsulation the kernel knows.
    #[classifier]
    pub fn isatap_probe(ctx: TcContext) -> i32 {
        tc::probe::run(&ctx)
    }
}

#[cfg(not(target_arch = "bpf"))]
fn main() {}
