//! A program that undoes what a tunnel did to a frame and hands it the frame once more, so that a
//! repeated run meets the same frame every time.

use std::os::fd::BorrowedFd;

use super::code::{EXIT, MAP, XDP_BOUNDS, address, bounded, call, op, redirect_map, set, stores};

const TAIL_CALL: i32 = 12;
const ADJUST_HEAD: i32 = 44;
const XDP_ABORTED: i32 = 0;

/// Octets of an outer header, of a link-layer header, and from there to the hop limit.
const OUTER: i32 = 20;
const LINK: usize = 14;
const HOP_LIMIT: usize = 7;

/// Which way a tunnel moves the beginning of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It takes the outer header away.
    Inward,
    /// It adds one.
    Outward,
}

impl Moved {
    const fn by(self) -> i32 {
        match self {
            Self::Inward => OUTER,
            Self::Outward => -OUTER,
        }
    }

    /// Where the new link-layer header overwrites the old frame, before the inner packet.
    const fn at(self) -> usize {
        match self {
            Self::Inward => OUTER as usize,
            Self::Outward => 0,
        }
    }
}

/// Restores `frame` and goes on in the first program of the map.
pub fn restore(frame: &[u8], moved: Moved, programs: BorrowedFd<'_>) -> Vec<u64> {
    let length = i32::try_from(frame.len()).unwrap_or(i32::MAX);
    let written = overwritten(frame, moved);
    let go_on = [
        &[op(0xbf, 1, 6, 0, 0)],
        &address(2, MAP, programs)[..],
        &[set(3, 0), call(TAIL_CALL)],
    ]
    .concat();
    let rest = i16::try_from(written.len() + go_on.len()).unwrap_or(i16::MAX);
    [
        &move_back(length, moved)[..],
        &bounded(XDP_BOUNDS, length, rest),
        &written,
        &go_on,
        &[set(0, XDP_ABORTED), EXIT],
    ]
    .concat()
}

/// What both ways of a tunnel need, and no more.
pub fn move_only(moved: Moved, devices: BorrowedFd<'_>) -> Vec<u64> {
    let mut code = vec![set(2, moved.by()), call(ADJUST_HEAD)];
    code.extend(redirect_map(devices));
    code
}

/// A frame that the tunnel left alone, the first of all, has its length still.
fn move_back(length: i32, moved: Moved) -> [u64; 9] {
    let [begin, end] = XDP_BOUNDS;
    [
        op(0xbf, 6, 1, 0, 0),
        op(0x61, 2, 1, begin, 0),
        op(0x61, 3, 1, end, 0),
        op(0x1f, 3, 2, 0, 0),
        op(0x15, 3, 0, 3, length),
        op(0xbf, 1, 6, 0, 0),
        set(2, -moved.by()),
        call(ADJUST_HEAD),
        op(0xbf, 1, 6, 0, 0),
    ]
}

fn overwritten(frame: &[u8], moved: Moved) -> Vec<u64> {
    let at = moved.at();
    let link = frame.get(at..at + LINK).unwrap_or_default();
    let hop_limit = at + LINK + HOP_LIMIT;
    let octet = frame.get(hop_limit..=hop_limit).unwrap_or_default();
    let store = |octets, at| stores(octets, i16::try_from(at).unwrap_or(i16::MAX));
    store(link, at).chain(store(octet, hop_limit)).collect()
}
