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
    /// Destination and source MAC address, as they stand in a frame.
    pub macs: [u32; 3],
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
    let mut room = Room(MaybeUninit::uninit());
    let parameters = blank(&mut room, INET, device, length);
    parameters.l4_protocol = ipv4::PROTOCOL_IPV6;
    parameters.__bindgen_anon_3.ipv4_src = u32::from_ne_bytes(source);
    parameters.__bindgen_anon_4.ipv4_dst = u32::from_ne_bytes(destination);
    lookup(ctx, parameters)
}

/// The way of an inner packet of `length` octets that came in through `device`, from one of the `ends`
/// to the other.
#[inline(always)]
pub fn ipv6(
    ctx: *mut c_void,
    device: u32,
    length: u16,
    ends: impl FnOnce() -> [Halves; 2],
) -> Result<WayOut, NoWay> {
    let mut room = Room(MaybeUninit::uninit());
    let parameters = blank(&mut room, INET6, device, length);
    let [source, destination] = ends();
    // SAFETY: both are as long as an address, and at multiples of eight in a structure that is aligned
    // so; in halves, because in words the compiler would keep each on the stack first.
    unsafe {
        (&raw mut parameters.__bindgen_anon_3)
            .cast::<Halves>()
            .write(source);
        (&raw mut parameters.__bindgen_anon_4)
            .cast::<Halves>()
            .write(destination);
    }
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
            return Ok(WayOut {
                egress,
                mtu,
                macs: macs(parameters),
            });
        }
        Ok(BPF_FIB_LKUP_RET_NO_NEIGH) => Reason::NoNeighbor,
        Ok(BPF_FIB_LKUP_RET_FRAG_NEEDED) => Reason::TooBig,
        Ok(BPF_FIB_LKUP_RET_NOT_FWDED) => Reason::Local,
        _ => Reason::NoRoute,
    };
    Err(NoWay { reason, egress })
}

/// Read two octets at a time: one by one, each would be kept on the stack.
#[inline(always)]
fn macs(parameters: &Parameters) -> [u32; 3] {
    let two = |mac: &[u8; 6], at: usize| {
        // SAFETY: both addresses are at even places of a structure that is aligned to four, and `at` is
        // 0, 2 or 4.
        unsafe { u32::from(mac.as_ptr().add(at).cast::<u16>().read_volatile()) }
    };
    let (to, from) = (&parameters.dmac, &parameters.smac);
    let both = |first: u32, second: u32| {
        if cfg!(target_endian = "little") {
            first | second << 16
        } else {
            first << 16 | second
        }
    };
    [
        both(two(to, 0), two(to, 2)),
        both(two(to, 4), two(from, 0)),
        both(two(from, 2), two(from, 4)),
    ]
}

/// Room for the question, aligned for numbers of eight octets.
#[repr(C, align(8))]
struct Room(MaybeUninit<Parameters>);

#[inline(always)]
fn blank(room: &mut Room, family: u8, ifindex: u32, length: u16) -> &mut Parameters {
    // SAFETY: all zeros is a valid value of every field.
    let parameters = unsafe {
        zero(room.0.as_mut_ptr());
        room.0.assume_init_mut()
    };
    parameters.family = family;
    parameters.ifindex = ifindex;
    parameters.__bindgen_anon_1.tot_len = length;
    parameters
}

/// The halves of an IPv6 address as they stand in a packet.
pub type Halves = [u64; 2];

/// An address in that form.
#[inline(always)]
pub const fn halves(address: Address) -> Halves {
    [address.high.to_be(), address.low.to_be()]
}

const _: () = assert!(core::mem::offset_of!(Parameters, __bindgen_anon_3) == 16);
const _: () = assert!(core::mem::offset_of!(Parameters, __bindgen_anon_4) == 32);
