//! The kernel's routing and neighbour tables, asked on a cache miss.
#![expect(unsafe_code, reason = "the helper takes a C structure with unions")]

use core::mem::MaybeUninit;

use aya_ebpf::{
    bindings::{
        BPF_FIB_LKUP_RET_FRAG_NEEDED, BPF_FIB_LKUP_RET_NO_NEIGH, BPF_FIB_LKUP_RET_NOT_FWDED,
        bpf_fib_lookup as Parameters,
    },
    cty::c_void,
    helpers::generated::bpf_fib_lookup,
};
use isatap_common::{
    addr::{Address, Ipv4},
    path::Reason,
    wire::ipv4,
};

use crate::zero::zero;

/// `AF_INET`.
const INET: u8 = 2;
/// `AF_INET6`.
const INET6: u8 = 10;

/// A resolved way out.
#[derive(Clone, Copy)]
pub struct WayOut {
    /// Interface index.
    pub egress: u32,
    /// Largest IP packet; of a packet whose length was not given, the MTU of the interface.
    pub mtu: u16,
    /// Source MAC address.
    pub source_mac: [u8; 6],
    /// Destination MAC address.
    pub destination_mac: [u8; 6],
}

/// Why there is none, and the interface if that much is known.
pub struct NoWay {
    /// The verdict.
    pub reason: Reason,
    /// Interface index, or zero.
    pub egress: u32,
}

/// The way of an outer packet of `length` octets. `device` is the ISATAP device, on which the
/// daemon has allowed IPv4 forwarding: the kernel answers for forwarding interfaces only.
#[inline(always)]
pub fn ipv4(
    ctx: *mut c_void,
    device: u32,
    source: Ipv4,
    destination: Ipv4,
    length: u16,
) -> Result<WayOut, NoWay> {
    let mut parameters = MaybeUninit::uninit();
    let parameters = blank(&mut parameters, INET, device, length);
    parameters.l4_protocol = ipv4::PROTOCOL_IPV6;
    parameters.__bindgen_anon_3.ipv4_src = u32::from_ne_bytes(source);
    parameters.__bindgen_anon_4.ipv4_dst = u32::from_ne_bytes(destination);
    lookup(ctx, parameters)
}

/// The way of an inner packet of `length` octets that came in through `device`.
#[inline(always)]
pub fn ipv6(
    ctx: *mut c_void,
    device: u32,
    source: Address,
    destination: Address,
    length: u16,
) -> Result<WayOut, NoWay> {
    let mut parameters = MaybeUninit::uninit();
    let parameters = blank(&mut parameters, INET6, device, length);
    parameters.__bindgen_anon_3.ipv6_src = words(source);
    parameters.__bindgen_anon_4.ipv6_dst = words(destination);
    lookup(ctx, parameters)
}

#[inline(always)]
fn lookup(ctx: *mut c_void, parameters: &mut Parameters) -> Result<WayOut, NoWay> {
    // SAFETY: the structure is initialised to its last byte and its size is given.
    let code = unsafe { bpf_fib_lookup(ctx, parameters, size_of::<Parameters>() as i32, 0) };
    let egress = parameters.ifindex;
    let reason = match u32::try_from(code) {
        Ok(0) => {
            // SAFETY: every bit pattern of the union is a number.
            let mtu = unsafe { parameters.__bindgen_anon_1.mtu_result };
            let (source_mac, destination_mac) = (parameters.smac, parameters.dmac);
            return Ok(WayOut {
                egress,
                mtu,
                source_mac,
                destination_mac,
            });
        }
        Ok(BPF_FIB_LKUP_RET_NO_NEIGH) => Reason::NoNeighbor,
        Ok(BPF_FIB_LKUP_RET_FRAG_NEEDED) => Reason::TooBig,
        Ok(BPF_FIB_LKUP_RET_NOT_FWDED) => Reason::Local,
        _ => Reason::NoRoute,
    };
    Err(NoWay { reason, egress })
}

#[inline(always)]
fn blank(
    parameters: &mut MaybeUninit<Parameters>,
    family: u8,
    ifindex: u32,
    length: u16,
) -> &mut Parameters {
    // SAFETY: all zeros is a valid value of every field.
    let parameters = unsafe {
        zero(parameters.as_mut_ptr());
        parameters.assume_init_mut()
    };
    parameters.family = family;
    parameters.ifindex = ifindex;
    parameters.__bindgen_anon_1.tot_len = length;
    parameters
}

#[inline(always)]
fn words(address: Address) -> [u32; 4] {
    let (high, low) = (address.high, address.low);
    [
        ((high >> 32) as u32).to_be(),
        (high as u32).to_be(),
        ((low >> 32) as u32).to_be(),
        (low as u32).to_be(),
    ]
}
