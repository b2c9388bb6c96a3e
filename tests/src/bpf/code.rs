//! Instructions.

use std::os::fd::{AsRawFd as _, BorrowedFd};

use super::spread::Spread;

pub(super) const XDP_DROP: i32 = 1;
const XDP_PASS: i32 = 2;
const XDP_TX: i32 = 3;
const TC_ACT_SHOT: i32 = 2;

/// Where a context says that the packet begins and ends.
pub(super) const XDP_BOUNDS: [i16; 2] = [0, 4];
const TC_BOUNDS: [i16; 2] = [76, 80];

const REDIRECT: i32 = 23;
const CSUM_DIFF: i32 = 28;
const REDIRECT_MAP: i32 = 51;
/// What the first half of a 16-octet load takes for its number.
pub(super) const MAP: u8 = 1;
const MAP_VALUE: u8 = 2;

/// `opcode`, destination and source register, offset, immediate.
pub(super) const fn op(opcode: u8, to: u8, from: u8, offset: i16, immediate: i32) -> u64 {
    let registers = to | from << 4;
    opcode as u64
        | (registers as u64) << 8
        | (offset.cast_unsigned() as u64) << 16
        | (immediate.cast_unsigned() as u64) << 32
}

pub(super) const EXIT: u64 = op(0x95, 0, 0, 0, 0);

pub(super) const fn set(register: u8, value: i32) -> u64 {
    op(0xb7, register, 0, 0, value)
}

pub(super) const fn call(helper: i32) -> u64 {
    op(0x85, 0, 0, 0, helper)
}

pub(super) fn address(register: u8, kind: u8, map: BorrowedFd<'_>) -> [u64; 2] {
    [op(0x18, register, kind, 0, map.as_raw_fd()), 0]
}

/// Counts, without a look-up: the value's address is part of the program.
fn count_and(counter: BorrowedFd<'_>, action: i32) -> Vec<u64> {
    let mut code = address(1, MAP_VALUE, counter).to_vec();
    code.extend([
        op(0x79, 2, 1, 0, 0),
        op(0x07, 2, 0, 0, 1),
        op(0x7b, 1, 2, 0, 0),
        set(0, action),
        EXIT,
    ]);
    code
}

/// A sink for frames with `mark` at `at`: what else comes by is dropped and not counted.
pub fn xdp_sink(counter: BorrowedFd<'_>, mark: [u8; 4], at: i16) -> Vec<u64> {
    sink(XDP_BOUNDS, counter, mark, at, XDP_DROP)
}

/// The same as a classifier.
pub fn tc_sink(counter: BorrowedFd<'_>, mark: [u8; 4], at: i16) -> Vec<u64> {
    sink(TC_BOUNDS, counter, mark, at, TC_ACT_SHOT)
}

fn sink(
    bounds: [i16; 2],
    counter: BorrowedFd<'_>,
    mark: [u8; 4],
    at: i16,
    action: i32,
) -> Vec<u64> {
    let count = count_and(counter, action);
    let skipped = i16::try_from(count.len()).unwrap_or(i16::MAX);
    let mut code = bounded(bounds, i32::from(at) + 4, skipped + 2).to_vec();
    code.extend([
        op(0x61, 4, 2, at, 0),
        op(0x56, 4, 0, skipped, i32::from_ne_bytes(mark)),
    ]);
    code.extend(count);
    code.extend([set(0, action), EXIT]);
    code
}

/// Redirects to the first entry of a device map: the least that a forwarder can do.
pub fn redirect_map(devices: BorrowedFd<'_>) -> Vec<u64> {
    let mut code = address(1, MAP, devices).to_vec();
    code.extend([set(2, 0), set(3, 0), call(REDIRECT_MAP), EXIT]);
    code
}

/// Leaves every frame to the stack.
pub fn pass() -> Vec<u64> {
    vec![set(0, XDP_PASS), EXIT]
}

/// Has a helper sum four octets.
pub fn sum() -> Vec<u64> {
    vec![
        op(0x62, 10, 0, -4, 0),
        set(1, 0),
        set(2, 0),
        op(0xbf, 3, 10, 0, 0),
        op(0x07, 3, 0, 0, -4),
        set(4, 4),
        set(5, 0),
        call(CSUM_DIFF),
        set(0, XDP_PASS),
        EXIT,
    ]
}

/// The two addresses of a frame exchanged, and out where it came in.
pub fn swap_and_send_back() -> Vec<u64> {
    let mut code = bounded(XDP_BOUNDS, 14, 10).to_vec();
    code.extend([
        op(0x61, 4, 2, 0, 0),
        op(0x69, 5, 2, 4, 0),
        op(0x61, 0, 2, 6, 0),
        op(0x69, 3, 2, 10, 0),
        op(0x63, 2, 0, 0, 0),
        op(0x6b, 2, 3, 4, 0),
        op(0x63, 2, 4, 6, 0),
        op(0x6b, 2, 5, 10, 0),
        set(0, XDP_TX),
        EXIT,
        set(0, XDP_DROP),
        EXIT,
    ]);
    code
}

/// Makes the beginning of a frame, as far as `head` goes, and sends it out of a device. What follows
/// stays as it was given.
pub fn generate(head: &[u8], spread: Option<&Spread>, ifindex: u32) -> Vec<u64> {
    write_and(head, spread, &redirect(ifindex))
}

/// Makes a frame and counts it.
pub fn generate_only(head: &[u8], counter: BorrowedFd<'_>) -> Vec<u64> {
    write_and(head, None, &count_and(counter, XDP_DROP))
}

/// Writes what routers change, because a frame that comes back still has what was made of it, and
/// goes on with `then`.
fn write_and(head: &[u8], spread: Option<&Spread>, then: &[u64]) -> Vec<u64> {
    let mut writes: Vec<u64> = stores(head, 0).collect();
    writes.extend(spread.map(differ).unwrap_or_default());
    let length = i32::try_from(head.len()).unwrap_or(i32::MAX);
    let rest = i16::try_from(writes.len() + then.len()).unwrap_or(i16::MAX);
    let mut code = bounded(XDP_BOUNDS, length, rest).to_vec();
    code.extend(writes);
    code.extend(then);
    code.extend([set(0, XDP_DROP), EXIT]);
    code
}

/// Writes the next address into the frame at register 2.
fn differ(spread: &Spread) -> Vec<u64> {
    let [mask, first] = [spread.mask, spread.first].map(u32::cast_signed);
    let mut code = address(5, MAP_VALUE, spread.counter()).to_vec();
    code.extend([
        op(0x79, 4, 5, 0, 0),
        op(0xbf, 3, 4, 0, 0),
        op(0x07, 3, 0, 0, 1),
        op(0x7b, 5, 3, 0, 0),
        op(0x57, 4, 0, 0, mask),
    ]);
    for at in &spread.balances {
        code.extend([
            op(0xbf, 3, 4, 0, 0),
            op(0xa7, 3, 0, 0, 0xffff),
            op(0xdc, 3, 0, 0, 16),
            op(0x6b, 2, 3, *at, 0),
        ]);
    }
    code.extend([op(0x47, 4, 0, 0, first), op(0xdc, 4, 0, 0, 32)]);
    code.extend(spread.places.iter().map(|at| op(0x63, 2, 4, *at, 0)));
    code
}

/// Out of a device.
pub(super) fn redirect(ifindex: u32) -> [u64; 4] {
    [
        set(1, ifindex.cast_signed()),
        set(2, 0),
        call(REDIRECT),
        EXIT,
    ]
}

/// Register 2 is the frame; one shorter than `length` skips the next `rest` instructions.
pub(super) const fn bounded([begin, end]: [i16; 2], length: i32, rest: i16) -> [u64; 5] {
    [
        op(0x61, 2, 1, begin, 0),
        op(0x61, 3, 1, end, 0),
        op(0xbf, 4, 2, 0, 0),
        op(0x07, 4, 0, 0, length),
        op(0x2d, 4, 3, rest, 0),
    ]
}

/// Writes octets from `at`: four an instruction, and single ones at the end.
pub(super) fn stores(octets: &[u8], mut at: i16) -> impl Iterator<Item = u64> {
    let (words, rest) = octets.as_chunks::<4>();
    let words = words
        .iter()
        .map(|word| (0x62, i32::from_ne_bytes(*word), 4));
    let rest = rest.iter().map(|octet| (0x72, i32::from(*octet), 1));
    words.chain(rest).map(move |(opcode, value, length)| {
        let store = op(opcode, 2, 0, at, value);
        at += length;
        store
    })
}
