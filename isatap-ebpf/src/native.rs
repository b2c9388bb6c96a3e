//! The kernel program of native links.
#![cfg_attr(target_arch = "bpf", no_std, no_main)]

#[cfg(target_arch = "bpf")]
mod programs {
    use aya_ebpf::{macros::xdp, programs::XdpContext};
    use isatap_ebpf::xdp;

    /// XDP on an IPv6 NIC of a router: NIC to NIC, outward.
    #[xdp(frags)]
    pub fn isatap_xdp(ctx: XdpContext) -> u32 {
        xdp::outward::run(&ctx)
    }
}

#[cfg(not(target_arch = "bpf"))]
fn main() {}
