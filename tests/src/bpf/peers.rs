//! A generator whose packets come from, or go to, nodes chosen at random.

use std::net::Ipv4Addr;

use super::code::EXIT;
use super::code::{XDP_BOUNDS, XDP_DROP, bounded, call, op, redirect, set, stores};

const RANDOM: i32 = 7;

/// Where a frame says its IPv4 header, the checksum in it and the source are.
const IPV4: usize = 14;
const CHECKSUM: i16 = 24;
const SOURCE: i16 = 26;
/// Where the inner source of protocol 41, and the destination of IPv6, embed an IPv4 address.
const INNER_SOURCE: i16 = 54;
const DESTINATION: i16 = 50;

/// Which end of a packet is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The source of protocol 41, outside and inside.
    Source,
    /// The destination of IPv6.
    Destination,
}

/// Nodes with consecutive IPv4 addresses.
#[derive(Clone, Copy, Debug)]
pub struct Peers {
    /// Which end they are.
    pub end: End,
    /// The first; as many of its low bits are zero as the number has.
    pub first: Ipv4Addr,
    /// How many; a power of two.
    pub count: u32,
}

/// Makes the beginning of a frame of a random one and sends it out of a device.
pub fn generate(head: &[u8], peers: Peers, ifindex: u32) -> Vec<u64> {
    let (choose, write) = (choose(peers), write(head, peers.end));
    let stores: Vec<u64> = stores(head, 0).collect();
    let send = redirect(ifindex);
    let rest = i16::try_from(stores.len() + write.len() + send.len()).unwrap_or(i16::MAX);
    let length = i32::try_from(head.len()).unwrap_or(i32::MAX);
    [
        &choose[..],
        &bounded(XDP_BOUNDS, length, rest),
        &stores,
        &write,
        &send,
        &[set(0, XDP_DROP), EXIT],
    ]
    .concat()
}

/// Register 7 is the address as a number.
fn choose(peers: Peers) -> [u64; 6] {
    let mask = peers.count.saturating_sub(1).cast_signed();
    [
        op(0xbf, 6, 1, 0, 0),
        call(RANDOM),
        op(0x57, 0, 0, 0, mask),
        op(0x07, 0, 0, 0, peers.first.to_bits().cast_signed()),
        op(0xbf, 7, 0, 0, 0),
        op(0xbf, 1, 6, 0, 0),
    ]
}

fn write(frame: &[u8], end: End) -> Vec<u64> {
    let mut code = vec![op(0xbf, 4, 7, 0, 0), op(0xdc, 4, 0, 0, 32)];
    match end {
        End::Source => {
            code.extend([op(0x63, 2, 4, SOURCE, 0), op(0x63, 2, 4, INNER_SOURCE, 0)]);
            code.extend(checksum(frame));
        }
        End::Destination => code.push(op(0x63, 2, 4, DESTINATION, 0)),
    }
    code
}

/// Adds the address to the rest of the header's sum.
fn checksum(frame: &[u8]) -> [u64; 16] {
    let fold = [
        op(0xbf, 5, 4, 0, 0),
        op(0x77, 5, 0, 0, 16),
        op(0x57, 4, 0, 0, 0xffff),
        op(0x0f, 4, 5, 0, 0),
    ];
    let [shift, high, low, add] = fold;
    [
        op(0xbf, 4, 7, 0, 0),
        op(0x57, 4, 0, 0, 0xffff),
        op(0x77, 7, 0, 0, 16),
        op(0x0f, 4, 7, 0, 0),
        op(0x07, 4, 0, 0, sum_without_source(frame)),
        shift,
        high,
        low,
        add,
        shift,
        high,
        low,
        add,
        op(0xa7, 4, 0, 0, 0xffff),
        op(0xdc, 4, 0, 0, 16),
        op(0x6b, 2, 4, CHECKSUM, 0),
    ]
}

/// The sum of the IPv4 header's words but for the checksum and the source.
fn sum_without_source(frame: &[u8]) -> i32 {
    let header = frame.get(IPV4..IPV4 + 20).unwrap_or_default();
    let words = header.as_chunks::<2>().0.iter().enumerate();
    words
        .filter(|(index, _)| !(5..8).contains(index))
        .map(|(_, word)| i32::from(u16::from_be_bytes(*word)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Outer, ethernet};

    #[test]
    fn the_sum_and_the_source_make_the_checksum() {
        let source = Ipv4Addr::new(10, 27, 254, 255);
        let packet = Outer::new(source, Ipv4Addr::new(10, 9, 0, 2)).packet(&[0x60; 40]);
        let frame = ethernet([2; 6], [4; 6], &packet.unwrap());
        let words = source.to_bits();
        let sum = sum_without_source(&frame).cast_unsigned() + (words >> 16) + (words & 0xffff);
        let folded = (sum >> 16) + (sum & 0xffff);
        let expected = u16::from_be_bytes([frame[24], frame[25]]);
        assert_eq!(!folded & 0xffff, u32::from(expected));
    }
}
