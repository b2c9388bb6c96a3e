//! Goals that only a clock can judge.

use super::{Goal, least, most};
use crate::bench::timed::outcome::{Outcome, Part};

/// As many nodes as the goal is about.
const MANY: u32 = 1 << 20;

/// Every goal that time judges.
pub const ALL: &[Goal<Outcome>] = &[
    most(
        3,
        "XDP decapsulation over bare redirect, by time",
        (1.15, 1.08),
        |found| found.over(Part::Frames, "decap", 0),
    ),
    most(
        3,
        "XDP encapsulation over bare redirect, by time",
        (1.15, 1.10),
        |found| found.over(Part::Frames, "encap", 0),
    ),
    most(
        4,
        "decapsulation beyond taking the header away, ns",
        (8.0, 5.0),
        |found| found.beyond(Part::Alone, "decap", 0),
    ),
    most(
        4,
        "encapsulation beyond adding a header, ns",
        (8.0, 5.0),
        |found| found.beyond(Part::Alone, "encap", 0),
    ),
    most(
        11,
        "decapsulation, a million peers over one",
        (1.10, 1.03),
        |found| found.growth(Part::Peers, "decap", MANY),
    ),
    most(
        11,
        "encapsulation, a million peers over one",
        (1.10, 1.03),
        |found| found.growth(Part::Peers, "encap", MANY),
    ),
    most(
        13,
        "decapsulation, 512 or 1474 octets over 86",
        (1.10, 1.05),
        |found| sizes(found, "decap"),
    ),
    most(
        13,
        "encapsulation, 512 or 1474 octets over 86",
        (1.10, 1.05),
        |found| sizes(found, "encap"),
    ),
    least(
        14,
        "decapsulation, two processors over one",
        (1.8, 1.9),
        |found| found.over(Part::Cores, "decap-two", 0),
    ),
    least(
        15,
        "TCP with GSO, TC over plain IPv6, host to router",
        (0.85, 0.95),
        |found| found.over(Part::Tcp, "tunnel-up", 0),
    ),
    least(
        15,
        "TCP with GSO, TC over plain IPv6, router to host",
        (0.85, 0.95),
        |found| found.over(Part::Tcp, "tunnel-down", 0),
    ),
    least(
        17,
        "TCP without GSO, TC over plain IPv6, host to router",
        (0.80, 0.90),
        |found| found.over(Part::Tcp, "tunnel-up-cut", 0),
    ),
    least(
        17,
        "TCP without GSO, TC over plain IPv6, router to host",
        (0.80, 0.90),
        |found| found.over(Part::Tcp, "tunnel-down-cut", 0),
    ),
];

/// The worse of the two.
fn sizes(found: &Outcome, name: &str) -> Option<f64> {
    let growths = [512, 1474].map(|octets| found.growth(Part::Sizes, name, octets));
    let [one, other] = growths;
    Some(one?.max(other?))
}
