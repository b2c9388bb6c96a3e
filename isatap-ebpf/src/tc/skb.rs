//! What the kernel says of a packet beside its octets.
#![expect(unsafe_code, reason = "the context is reached through a raw pointer")]

use aya_ebpf::{bindings::__sk_buff, programs::TcContext};
use isatap_common::{octets::Octets as _, wire::ipv6};

use crate::window::Buffer;

/// `PACKET_HOST`: the frame's destination is the address of the NIC.
const HOST: u32 = 0;
/// IPv6 next header of TCP, and where a TCP header says how long it is, in words.
const TCP: u8 = 6;
const TCP_LENGTH_AT: usize = 12;
/// Octets of a TCP header without options.
const TCP_LENGTH: usize = 20;
/// IPv6 next header of UDP, and octets of its header.
const UDP: u8 = 17;
const UDP_LENGTH: u32 = 8;

/// The EtherType behind which the packet starts, big-endian.
#[inline(always)]
pub fn protocol(ctx: &TcContext) -> u32 {
    context(ctx).protocol
}

/// Whether the frame was sent to this NIC, and to no VLAN on it. Those for other machines are seen
/// too, by a NIC that listens to everything, and the kernel drops them; a packet in a broadcast or multicast
/// frame goes no further than this node (RFC 1122 section 3.3.6, RFC 1812 section 5.3.4). A tag, which the
/// kernel has taken out of the frame, names another interface than this one.
#[inline(always)]
pub fn is_for_this_nic(ctx: &TcContext) -> bool {
    let context = context(ctx);
    context.pkt_type == HOST && context.vlan_present == 0
}

/// Octets of the longest packet that the IPv6 packet at `at` is on the wire, or `None` where the stack
/// has to see to that.
///
/// A packet that stands for many is cut on its way out; each segment repeats the headers. That is worth
/// reading the header of TCP; whoever sends so beside TCP and UDP is left to the stack. A packet that stands for
/// itself goes out with the padding behind it.
#[inline(always)]
pub fn longest(ctx: &TcContext, at: usize, next_header: u8) -> Option<u32> {
    let segment = context(ctx).gso_size;
    if segment == 0 {
        return Some(context(ctx).len.wrapping_sub(at as u32));
    }
    let length = match next_header {
        TCP => tcp_length(ctx, at + ipv6::LENGTH)?,
        UDP => UDP_LENGTH,
        _ => return None,
    };
    Some(segment.wrapping_add(ipv6::LENGTH as u32 + length))
}

/// Octets of the TCP header at `at`, options included.
#[inline(always)]
fn tcp_length(ctx: &TcContext, at: usize) -> Option<u32> {
    let buffer = Buffer(ctx);
    buffer.pull(at + TCP_LENGTH);
    let [words] = buffer.read::<1>(at + TCP_LENGTH_AT)?;
    Some(u32::from(words >> 4) * 4)
}

#[inline(always)]
fn context(ctx: &TcContext) -> &__sk_buff {
    // SAFETY: the kernel handed the pointer to the program, and only helpers change what it says.
    unsafe { &*ctx.skb.skb }
}
