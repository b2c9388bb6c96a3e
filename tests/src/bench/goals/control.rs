//! Goals of the control plane, judged by time on a real machine.

use super::{Goal, most, ratio};
use crate::bench::control::outcome::Outcome;

/// Every goal of the control plane.
pub const ALL: &[Goal<Outcome>] = &[
    most(
        21,
        "start to the first packet forwarded, ms",
        (1000.0, 1000.0),
        |found| milliseconds(found, "start-forwarding"),
    ),
    most(
        21,
        "start to the word that it is ready, ms",
        (1000.0, 1000.0),
        |found| milliseconds(found, "start-ready"),
    ),
    most(
        22,
        "reload, 1 prefix to 1000, ms",
        (100.0, 100.0),
        |found| milliseconds(found, "prefixes-grow"),
    ),
    most(
        22,
        "reload, 1000 prefixes, one changed, ms",
        (100.0, 100.0),
        |found| milliseconds(found, "prefixes-change"),
    ),
    most(
        22,
        "reload, 1000 prefixes, unchanged, ms",
        (100.0, 100.0),
        |found| milliseconds(found, "prefixes-stay"),
    ),
    most(22, "reload, 1 route to 1000, ms", (100.0, 100.0), |found| {
        milliseconds(found, "routes-grow")
    }),
    most(
        22,
        "reload, 1000 routes, one changed, ms",
        (100.0, 100.0),
        |found| milliseconds(found, "routes-change"),
    ),
    most(
        22,
        "reload, 1000 routes, unchanged, ms",
        (100.0, 100.0),
        |found| milliseconds(found, "routes-stay"),
    ),
    most(
        23,
        "start with 10 000 routers in the list, ms",
        (1000.0, 1000.0),
        |found| milliseconds(found, "routers-start"),
    ),
    most(
        23,
        "reload, 1 router to 10 000, ms",
        (1000.0, 1000.0),
        |found| milliseconds(found, "routers-grow"),
    ),
    most(
        24,
        "solicitations without an answer, of 1000 a second",
        (0.0, 0.0),
        |found| ratio(found.unanswered()?, 1),
    ),
    most(
        24,
        "lag of the event loop meanwhile, p99, ms",
        (10.0, 10.0),
        |found| ratio(found.lag_p99_us()?, 1000),
    ),
    most(
        25,
        "resident memory beside 100 000 peers, MB",
        (64.0, 64.0),
        |found| ratio(1024 * found.memory.as_ref()?.resident_kb, 1_000_000),
    ),
];

fn milliseconds(outcome: &Outcome, name: &str) -> Option<f64> {
    ratio(outcome.timing(name)?.median()?, 1000)
}
