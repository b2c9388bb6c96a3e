//! Goals that a count of instructions, or the size of a program, can judge.

use super::{Goal, least, most, ratio};
use crate::bench::outcome::Outcome;
use crate::interop::outcome::Program;

/// Every goal that a count of instructions can judge.
pub const ALL: &[Goal<Outcome>] = &[
    most(
        1,
        "XDP decapsulation over bare redirect",
        (1.25, 1.18),
        |found| over(found, "xdp-decap", "redirect-in"),
    ),
    most(
        2,
        "XDP encapsulation over bare redirect",
        (1.25, 1.17),
        |found| over(found, "xdp-encap", "redirect-out"),
    ),
    least(
        5,
        "sit over XDP, decapsulation, whole path",
        (4.0, 4.5),
        |found| over(found, "sit-decap", "xdp-decap"),
    ),
    least(
        5,
        "sit over XDP, encapsulation, whole path",
        (4.0, 4.5),
        |found| over(found, "sit-encap", "xdp-encap"),
    ),
    least(
        6,
        "sit over XDP, decapsulation, router only",
        (6.0, 8.0),
        |found| router_only(found, "sit-decap", "xdp-decap"),
    ),
    least(
        6,
        "sit over XDP, encapsulation, router only",
        (6.0, 8.0),
        |found| router_only(found, "sit-encap", "xdp-encap"),
    ),
    least(
        8,
        "sit over TC, decapsulation, whole path",
        (1.5, 1.9),
        |found| over(found, "sit-decap", "tc-forward-decap"),
    ),
    least(
        8,
        "sit over TC, encapsulation, whole path",
        (1.4, 1.6),
        |found| over(found, "sit-encap", "tc-forward-encap"),
    ),
    most(
        9,
        "a host's packet beside 65 000 routers over beside none",
        (1.01, 1.0),
        long_lists,
    ),
    most(
        19,
        "largest program, instructions as translated",
        (400.0, 200.0),
        |found| largest(found, |program| program.translated),
    ),
    most(
        19,
        "largest program, octets of machine code",
        (2048.0, 1024.0),
        |found| largest(found, |program| program.compiled),
    ),
    most(
        19,
        "largest program, instructions walked by the verifier",
        (5000.0, 1000.0),
        |found| largest(found, |program| program.verified),
    ),
];

fn over(outcome: &Outcome, one: &str, other: &str) -> Option<f64> {
    ratio(outcome.cost(one)?, outcome.cost(other)?)
}

/// Without sending a packet and receiving it, which every router pays alike.
fn router_only(outcome: &Outcome, one: &str, other: &str) -> Option<f64> {
    let outside = outcome.cost("drop")?;
    let only = |name| outcome.cost(name)?.checked_sub(outside);
    ratio(only(one)?, only(other)?)
}

fn long_lists(outcome: &Outcome) -> Option<f64> {
    let (first, last) = (outcome.long_lists.first()?, outcome.long_lists.last()?);
    ratio(last.cost, first.cost)
}

fn largest(outcome: &Outcome, size: fn(&Program) -> u64) -> Option<f64> {
    ratio(outcome.programs.iter().map(size).max()?, 1)
}
