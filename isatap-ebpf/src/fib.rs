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
    /// MAC addresses.
    pub macs: Macs,
}

/// Where they are in an answer.
const MACS_AT: usize = core::mem::offset_of!(Parameters, smac);

/// Source and destination MAC address as they stand in an answer, the last twelve octets of it.
#[derive(Clone, Copy)]
pub struct Macs {
    begin: u32,
    end: u64,
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
    let ends = [source, destination].map(|end| [first(u32::from_ne_bytes(end)), 0]);
    let mut room = MaybeUninit::uninit();
    let question = ask(&mut room, INET, ipv4::PROTOCOL_IPV6, device, length, ends);
    lookup(ctx, question)
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
    let mut room = MaybeUninit::uninit();
    let question = ask(&mut room, INET6, 0, device, length, ends());
    lookup(ctx, question)
}

#[inline(always)]
fn lookup(ctx: *mut c_void, question: &mut Question) -> Result<WayOut, NoWay> {
    let parameters = (&raw mut *question).cast::<Parameters>();
    // SAFETY: the structure is initialised to its last byte and its size is given.
    let code = unsafe { bpf_fib_lookup(ctx, parameters, size_of::<Parameters>() as i32, 0) };
    // SAFETY: as large, aligned as strictly, and all its fields are numbers.
    let parameters = unsafe { &*parameters };
    let egress = parameters.ifindex;
    if code == 0 {
        // SAFETY: every bit pattern of the union is a number.
        let mtu = unsafe { parameters.__bindgen_anon_1.mtu_result };
        let macs = Macs::of(parameters);
        return Ok(WayOut { egress, mtu, macs });
    }
    // What is negative is none of these.
    let reason = match code as u32 {
        BPF_FIB_LKUP_RET_NO_NEIGH => Reason::NoNeighbor,
        BPF_FIB_LKUP_RET_FRAG_NEEDED => Reason::TooBig,
        BPF_FIB_LKUP_RET_NOT_FWDED => Reason::Local,
        _ => Reason::NoRoute,
    };
    Err(NoWay { reason, egress })
}

impl Macs {
    /// Read in two numbers: octet by octet, each would be kept on the stack.
    #[inline(always)]
    fn of(parameters: &Parameters) -> Self {
        let parameters = (&raw const *parameters).cast::<u8>();
        // SAFETY: the last twelve octets, from a multiple of four, and eight of them from one of eight.
        unsafe {
            Self {
                begin: parameters.add(MACS_AT).cast::<u32>().read_volatile(),
                end: parameters.add(MACS_AT + 4).cast::<u64>().read_volatile(),
            }
        }
    }

    /// Destination and source, as they stand in a frame.
    #[inline(always)]
    pub const fn words(self) -> [u32; 3] {
        let Self { begin, end } = self;
        if cfg!(target_endian = "little") {
            [
                (end >> 16) as u32,
                (end >> 48) as u32 | begin << 16,
                begin >> 16 | (end << 16) as u32,
            ]
        } else {
            [
                (end >> 16) as u32,
                (end << 16) as u32 | begin >> 16,
                begin << 16 | (end >> 48) as u32,
            ]
        }
    }
}

/// [`Parameters`] in words, so that each is stored once.
type Question = [u64; size_of::<Parameters>() / 8];

#[inline(always)]
fn ask(
    room: &mut MaybeUninit<Question>,
    family: u8,
    protocol: u8,
    ifindex: u32,
    length: u16,
    ends: [Halves; 2],
) -> &mut Question {
    let length = length.to_ne_bytes();
    let begin = [family, protocol, 0, 0, 0, 0, length[0], length[1]];
    let to = room.as_mut_ptr().cast::<u64>();
    // SAFETY: eight words, which are all of them. Zeros that are not volatile would be a call.
    unsafe {
        to.write(u64::from_ne_bytes(begin));
        to.add(1).write(first(ifindex));
        to.add(2).cast::<[Halves; 2]>().write(ends);
        to.add(6).write_volatile(0);
        to.add(7).write_volatile(0);
        room.assume_init_mut()
    }
}

/// A word that begins with `number`.
#[inline(always)]
const fn first(number: u32) -> u64 {
    if cfg!(target_endian = "little") {
        number as u64
    } else {
        (number as u64) << 32
    }
}

/// The halves of an IPv6 address as they stand in a packet.
pub type Halves = [u64; 2];

/// An address in that form.
#[inline(always)]
pub const fn halves(address: Address) -> Halves {
    [address.high.to_be(), address.low.to_be()]
}

const _: () = assert!(align_of::<Parameters>() <= align_of::<Question>());
const _: () = assert!(core::mem::offset_of!(Parameters, __bindgen_anon_1) == 6);
const _: () = assert!(core::mem::offset_of!(Parameters, ifindex) == 8);
const _: () = assert!(core::mem::offset_of!(Parameters, __bindgen_anon_3) == 16);
const _: () = assert!(core::mem::offset_of!(Parameters, __bindgen_anon_4) == 32);
const _: () = assert!(MACS_AT == 52 && size_of::<Parameters>() == 64);
