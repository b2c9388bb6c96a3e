//! The only reads of a packet.
#![expect(unsafe_code, reason = "packet memory is reached through raw pointers")]

use aya_ebpf::{
    EbpfContext as _,
    helpers::generated::bpf_xdp_get_buff_len,
    programs::{TcContext, XdpContext},
};
use isatap_common::{
    octets::{Head, Octets},
    wire::ipv4,
};

/// An XDP frame.
pub struct Frame<'a>(pub &'a XdpContext);

/// A socket buffer.
pub struct Buffer<'a>(pub &'a TcContext);

/// The first octets of a frame.
#[derive(Clone, Copy)]
pub struct Words(*mut u8);

impl Frame<'_> {
    /// The first `length` octets, if the frame has them. They are those of the frame as long as its
    /// head is not moved.
    #[inline(always)]
    pub fn head(&self, length: usize) -> Option<Words> {
        let data = self.0.data();
        (data + length <= self.0.data_end()).then_some(Words(data as *mut u8))
    }

    /// How many octets there are from its head to the end of the first buffer. Read here, like the fields of a
    /// packet.
    #[inline(always)]
    pub fn present(&self, head: Words) -> usize {
        // SAFETY: the context is the one that the kernel handed to the program.
        let end = unsafe { (&raw const (*self.0.ctx).data_end).read_volatile() };
        (end as usize).wrapping_sub(head.start() as usize)
    }
}

impl Words {
    /// Where they are.
    #[inline(always)]
    pub const fn start(self) -> *mut u8 {
        self.0
    }

    /// The number at `at`. The read is volatile so that it happens here, where the number is used,
    /// and not where it would have to be kept on the stack until then.
    #[inline(always)]
    fn load<W: Copy>(self, at: usize) -> W {
        // SAFETY: whoever made this compared lengths, and the verifier does so again. BPF loads
        // need no alignment.
        unsafe { self.0.add(at).cast::<W>().read_volatile() }
    }
}

impl Head for Words {
    #[inline(always)]
    fn octet(&self, at: usize) -> u8 {
        self.load(at)
    }

    #[inline(always)]
    fn two(&self, at: usize) -> u16 {
        self.load(at)
    }

    #[inline(always)]
    fn four(&self, at: usize) -> u32 {
        self.load(at)
    }

    #[inline(always)]
    fn eight(&self, at: usize) -> u64 {
        self.load(at)
    }
}

impl Octets for Frame<'_> {
    #[inline(always)]
    fn read<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        read(self.0.data(), self.0.data_end(), at)
    }

    #[inline(always)]
    fn read_both<const A: usize, const B: usize>(&self, at: usize) -> Option<([u8; A], [u8; B])> {
        read_both(self.0.data(), self.0.data_end(), at)
    }

    #[inline(always)]
    fn holds(&self, length: usize) -> bool {
        // A difference, because the verifier does not let a length of the packet's be added to where
        // it starts without a bound. A frame of several buffers has fewer octets between the
        // pointers than in all.
        self.0.data_end().wrapping_sub(self.0.data()) >= length
            || length as u64
                <= unsafe {
                    // SAFETY: the context is the one that the kernel handed to the program.
                    bpf_xdp_get_buff_len(self.0.ctx)
                }
    }
}

impl Octets for Buffer<'_> {
    #[inline(always)]
    fn read<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        read(self.0.data(), self.0.data_end(), at)
    }

    #[inline(always)]
    fn read_both<const A: usize, const B: usize>(&self, at: usize) -> Option<([u8; A], [u8; B])> {
        read_both(self.0.data(), self.0.data_end(), at)
    }

    #[inline(always)]
    fn holds(&self, length: usize) -> bool {
        length <= self.0.len() as usize
    }
}

impl Buffer<'_> {
    /// Makes the first `length` octets readable, as far as the packet has them.
    #[inline(always)]
    pub fn pull(&self, length: usize) {
        if self.0.data() + length > self.0.data_end() && self.holds(length) {
            // Reads fail closed where this does.
            let _ = self.0.pull_data(length as u32);
        }
    }

    /// The interface that the packet is on.
    #[inline(always)]
    pub fn ifindex(&self) -> u32 {
        // SAFETY: the context is the one that the kernel handed to the program.
        unsafe { (*self.0.as_ptr().cast::<aya_ebpf::bindings::__sk_buff>()).ifindex }
    }

    /// The interface that the packet came in through, or zero if it is our own.
    #[inline(always)]
    pub fn origin(&self) -> u32 {
        // SAFETY: as above.
        unsafe { (*self.0.as_ptr().cast::<aya_ebpf::bindings::__sk_buff>()).ingress_ifindex }
    }

    /// Segments that the packet will become on the wire.
    #[inline(always)]
    pub fn segments(&self) -> u32 {
        // SAFETY: the context is the one that the kernel handed to the program.
        let segments =
            unsafe { (*self.0.as_ptr().cast::<aya_ebpf::bindings::__sk_buff>()).gso_segs };
        if segments == 0 { 1 } else { segments }
    }
}

/// Room for `N` octets at the alignment of the widest load.
#[repr(C, align(8))]
struct Aligned<const N: usize>([u8; N]);

#[inline(always)]
fn read<const N: usize>(data: usize, end: usize, at: usize) -> Option<[u8; N]> {
    let start = data + at;
    if start + N > end {
        return None;
    }
    // SAFETY: `start..start + N` lies before the end of the packet.
    Some(unsafe { take(start as *const u8) })
}

/// One comparison for both.
#[inline(always)]
fn read_both<const A: usize, const B: usize>(
    data: usize,
    end: usize,
    at: usize,
) -> Option<([u8; A], [u8; B])> {
    let start = data + at;
    if start + A + B > end {
        return None;
    }
    let start = start as *const u8;
    // SAFETY: `start..start + A + B` lies before the end of the packet.
    Some(unsafe { (take(start), take(start.add(A))) })
}

/// The `N` octets at `from`, in units as wide as the fields of the headers of that length: an IPv4
/// header is five 32-bit words, half of an IPv6 address 64 bits.
///
/// # Safety
///
/// `N` octets from `from` are inside the packet, which the verifier checks again.
#[inline(always)]
unsafe fn take<const N: usize>(from: *const u8) -> [u8; N] {
    const { assert!(N < 48, "longer than what is copied") };
    let mut octets = Aligned([0; N]);
    let to = octets.0.as_mut_ptr();
    // SAFETY: the caller's promise. BPF loads need no alignment, and wide ones are four to eight
    // times fewer.
    unsafe {
        if N == ipv4::LENGTH {
            copy::<u32, N>(from, to, 0);
            copy::<u32, N>(from, to, 4);
            copy::<u32, N>(from, to, 8);
            copy::<u32, N>(from, to, 12);
            copy::<u32, N>(from, to, 16);
        } else {
            copy::<u64, N>(from, to, 0);
            copy::<u64, N>(from, to, 8);
            copy::<u64, N>(from, to, 16);
            copy::<u64, N>(from, to, 24);
            copy::<u64, N>(from, to, 32);
            copy::<u32, N>(from, to, N & !7);
            copy::<u16, N>(from, to, N & !3);
            copy::<u8, N>(from, to, N & !1);
        }
    }
    octets.0
}

/// Copies the `W` at `at`, if `N` octets have one there. Not a loop: the compiler would unroll it
/// too late to keep the octets in registers.
///
/// # Safety
///
/// Both are valid for `N` octets, and `to` is aligned to eight.
#[inline(always)]
unsafe fn copy<W: Copy, const N: usize>(from: *const u8, to: *mut u8, at: usize) {
    if at + size_of::<W>() > N {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe {
        to.add(at)
            .cast::<W>()
            .write(from.add(at).cast::<W>().read());
    }
}
