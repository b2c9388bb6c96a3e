//! The kernel program of uplinks.
#![cfg_attr(target_arch = "bpf", no_std, no_main)]

#[cfg(target_arch = "bpf")]
mod programs {
    use aya_ebpf::{macros::xdp, programs::XdpContext};
    use isatap_ebpf::xdp;

    /// XDP on an IPv4 NIC of a router: NIC to NIC, inward.
    #[xdp(frags)]
    pub fn isatap_xdp(ctx: XdpContext) -> u32 {
        xdp::inward::run(&ctx)
    }
}

#[cfg(not(target_arch = "bpf"))]
fn main() {}
