use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::wire::ipv4::{Common, Ends};

const FRESH: u32 = 250;
const PREFIX: u64 = 0x2001_0db8_0000_0001_u64.to_be();
const LOCAL: Ipv4 = [10, 0, 0, 1];
/// Late enough for a line that was never filled to be old.
const NOW: u64 = 1 << 32;

fn at(now: u64) -> Decision {
    Decision {
        generation: 7,
        fresh: FRESH,
        now,
    }
}

fn origin(host: u8) -> Origin {
    Origin {
        prefix: PREFIX,
        ends: Ends {
            source: [10, 1, 0, host],
            destination: LOCAL,
        },
        ifindex: 3,
    }
}

/// The way to a host, as the whole decision finds it.
fn found(remote: Ipv4) -> NextHop {
    let mut way = NextHop {
        high: PREFIX,
        low: (0x5efe_u64 << 32 | u64::from(u32::from_be_bytes(remote))).to_be(),
        macs: [1, 2, 3],
        egress: 4,
        ends: Ends {
            source: LOCAL,
            destination: remote,
        },
        mtu: 1500,
        identification: 99,
        ..NextHop::default()
    };
    way.sum = way.constant_sum();
    way
}

/// A line of as many hosts as are asked for.
fn admitted(hosts: u8) -> SourceBlock {
    let mut line = SourceBlock::default();
    for host in 0..hosts {
        line.learn(&origin(host), &at(NOW));
    }
    line
}

/// As many blocks as half of the lines have one each, wherever they begin.
#[test]
fn blocks_that_follow_each_other_have_lines_of_their_own() {
    for first in [[10, 0, 0, 0], [10, 128, 0, 0], [192, 168, 77, 0]] {
        let first = u32::from_be_bytes(first);
        let blocks = (0..BLOCKS_LEN / 2).map(|number| (first + (number << 8)).to_be_bytes());
        let indexes: BTreeSet<_> = blocks.map(|block| Block::index(PREFIX, block)).collect();
        assert!(
            indexes.len() * 100 > BLOCKS_LEN as usize / 2 * 95,
            "{}",
            indexes.len()
        );
    }
}

#[test]
fn a_line_is_about_the_hosts_that_were_decided_on_and_no_other() {
    let line = admitted(Block::FEW);
    for host in 0..=255 {
        assert_eq!(line.has(&origin(host), NOW), host < Block::FEW, "{host}");
    }
    let elsewhere = [
        Origin {
            ends: Ends {
                source: [10, 1, 0, 0],
                destination: [10, 0, 0, 2],
            },
            ..origin(0)
        },
        Origin {
            ifindex: 4,
            ..origin(0)
        },
        Origin {
            prefix: PREFIX ^ 1,
            ..origin(0)
        },
        Origin {
            ends: Ends {
                source: [10, 1, 1, 0],
                destination: LOCAL,
            },
            ..origin(0)
        },
    ];
    for other in elsewhere {
        assert!(!line.has(&other, NOW), "{other:?}");
    }
}

#[test]
fn a_line_of_few_hosts_is_not_asked_and_makes_room() {
    let mut line = admitted(Block::FEW - 1);
    assert!(!line.has(&origin(0), NOW));
    let other = Origin {
        ends: Ends {
            source: [10, 9, 9, 9],
            destination: LOCAL,
        },
        ..origin(0)
    };
    line.learn(&other, &at(NOW));
    assert!(line.is_of(&other) && line.block.count == 1);
    let mut kept = admitted(Block::FEW);
    kept.learn(&other, &at(NOW));
    assert_eq!(kept, admitted(Block::FEW));
    kept.learn(&other, &at(NOW + u64::from(FRESH)));
    assert!(kept.is_of(&other), "nothing of it was believed any more");
}

#[test]
fn a_line_ends_after_a_second_and_goes_on_with_the_next_decision() {
    let mut line = admitted(Block::FEW);
    let later = NOW + u64::from(FRESH);
    assert!(line.has(&origin(0), later - 1));
    assert!(!line.has(&origin(0), later));
    line.learn(&origin(0), &at(later));
    assert!(line.has(&origin(1), later), "decided on a second ago");
}

#[test]
fn another_generation_forgets_who_was_decided_on() {
    let mut line = admitted(Block::FEW);
    let next = Decision {
        generation: 8,
        ..at(NOW + u64::from(FRESH))
    };
    line.learn(&origin(0), &next);
    assert_eq!((line.block.hosts, line.block.count), ([1, 0, 0, 0], 1));
    // One that had begun before the change.
    line.learn(&origin(1), &at(next.now));
    assert_eq!(line.block.count, 1);
}

/// Each host is decided on anew within an epoch, however busy its block is; and a line that nobody used
/// for as long is worth nothing, whichever epoch it is by name.
#[test]
fn nothing_is_believed_for_longer_than_an_epoch() {
    let mut line = admitted(Block::FEW);
    let second = u64::from(FRESH);
    let renewed = (1..=Block::EPOCH).take_while(|seconds| {
        let now = NOW + seconds * second;
        line.learn(&origin(9), &at(now));
        line.has(&origin(0), now)
    });
    assert!((renewed.count() as u64) < Block::EPOCH);
    let mut old = admitted(Block::FEW);
    let same_name = NOW + 256 * Block::EPOCH * second;
    old.learn(&origin(9), &at(same_name));
    assert_eq!(old.block.count, 1);
}

#[test]
fn epochs_of_lines_end_by_turns() {
    let second = u64::from(FRESH);
    let ends = |index| {
        let seconds = (0..Block::EPOCH).find(|seconds| {
            Block::epoch(index, &at(NOW)) != Block::epoch(index, &at(NOW + seconds * second))
        });
        seconds.unwrap_or(Block::EPOCH)
    };
    let all: BTreeSet<_> = (0..BLOCKS_LEN).map(ends).collect();
    assert_eq!(all.len() as u64, Block::EPOCH);
}

#[test]
fn a_host_with_another_way_is_not_of_the_block() {
    let mut line = WayBlock::default();
    for host in 0..Block::FEW {
        line.learn(&found([10, 1, 0, host]), &at(NOW));
    }
    let knows = |line: &WayBlock, remote: Ipv4| line.has(found(remote).address(), remote, NOW + 1);
    assert!(knows(&line, [10, 1, 0, 0]));
    let remote = [10, 1, 0, 77];
    let ways = [
        NextHop {
            macs: [9, 2, 3],
            ..found(remote)
        },
        NextHop {
            egress: 9,
            ..found(remote)
        },
        NextHop {
            ends: Ends {
                source: [10, 1, 0, 0],
                destination: [10, 0, 0, 2],
            },
            ..found(remote)
        },
        NextHop {
            mtu: 1400,
            ..found(remote)
        },
    ];
    for way in ways {
        line.learn(&way, &at(NOW));
        assert!(!knows(&line, remote), "{way:?}");
        assert!(knows(&line, [10, 1, 0, 0]), "{way:?}");
        let mut ended = line;
        ended.learn(&way, &at(NOW + u64::from(FRESH)));
        assert_eq!(ended.block.count, 1, "the others have the way of before");
    }
    let other_form = NextHop {
        low: found(remote).low ^ 0x0200_0000_0000_0000_u64.to_be(),
        ..found(remote)
    };
    assert!(!line.has(other_form.address(), [10, 1, 0, 0], NOW));
}

#[test]
fn the_kernel_forwards_a_packet_every_four_minutes() {
    let mut line = WayBlock::default();
    let due = (0..964).map(|second: u64| {
        let now = NOW + second * u64::from(FRESH);
        line.learn(&found([10, 1, 0, 1]), &at(now))
    });
    assert_eq!(due.filter(|due| *due).count(), 4);
}

proptest! {
    /// What the line of a block writes in front of a packet is what the host's own line would.
    #[test]
    fn outer_headers_are_those_of_the_host(
        remote: Ipv4,
        class: u8,
        length: u16,
        ttl: u8,
        dont_fragment: bool,
    ) {
        let mut own = found(remote);
        let mut line = WayBlock::default();
        line.learn(&own, &at(NOW));
        let common = Common::new(dont_fragment, ttl);
        prop_assert_eq!(
            line.outer(remote, class, length, common),
            own.outer(class, length, common)
        );
    }
}
