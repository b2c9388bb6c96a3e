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
        7,
        "sit over XDP, decapsulation, next hop not in the cache, whole path",
        (2.2, 2.5),
        |found| over_missing(found, "sit-decap", "xdp-decap-miss", "in xdp resolved"),
    ),
    least(
        7,
        "sit over XDP, encapsulation, next hop not in the cache, whole path",
        (2.2, 2.5),
        |found| over_missing(found, "sit-encap", "xdp-encap-miss", "out xdp resolved"),
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
        "XDP, a host's packet beside 65 536 routers over beside none",
        (1.01, 1.0),
        long_lists,
    ),
    most(
        10,
        "TC at a host, a router's packet over a host's, at the worst of three lengths of the list",
        (1.15, 1.13),
        routers_packet,
    ),
    most(
        10,
        "TC at a host, a router's packet beside 65 536 routers over beside one",
        (1.01, 1.0),
        routers_packet_beside_many,
    ),
    least(
        12,
        "sit with the kernel's own limit of neighbours over XDP, encapsulation to 65 536 hosts in turn, whole path",
        (6.0, 8.0),
        |found| over(found, "sit-encap-64k-usual", "xdp-encap-64k"),
    ),
    least(
        16,
        "sit over TC, TCP with segmentation offload, 256 MiB",
        (1.0, 1.08),
        transfer,
    ),
    most(
        18,
        "XDP decapsulation over the same path in C, what either adds to a redirect",
        (1.1, 1.02),
        |found| {
            added(
                found,
                ["xdp-decap", "xdp-decap-c", "redirect-in"],
                "in xdp cached",
            )
        },
    ),
    most(
        18,
        "XDP encapsulation over the same path in C, what either adds to a redirect",
        (1.1, 1.02),
        |found| {
            added(
                found,
                ["xdp-encap", "xdp-encap-c", "redirect-out"],
                "out xdp cached",
            )
        },
    ),
    most(
        19,
        "isatap_xdp of an uplink, instructions as translated",
        (400.0, 200.0),
        |found| size(found, "isatap_xdp (uplink)", |program| program.translated),
    ),
    most(
        19,
        "isatap_xdp of an uplink, octets of machine code",
        (2048.0, 1024.0),
        |found| size(found, "isatap_xdp (uplink)", |program| program.compiled),
    ),
    most(
        19,
        "isatap_xdp of an uplink, instructions walked by the verifier",
        (5000.0, 1000.0),
        |found| size(found, "isatap_xdp (uplink)", |program| program.verified),
    ),
    most(
        19,
        "isatap_xdp of a native link, instructions as translated",
        (400.0, 200.0),
        |found| {
            size(found, "isatap_xdp (native link)", |program| {
                program.translated
            })
        },
    ),
    most(
        19,
        "isatap_xdp of a native link, octets of machine code",
        (2048.0, 1024.0),
        |found| {
            size(found, "isatap_xdp (native link)", |program| {
                program.compiled
            })
        },
    ),
    most(
        19,
        "isatap_xdp of a native link, instructions walked by the verifier",
        (5000.0, 1000.0),
        |found| {
            size(found, "isatap_xdp (native link)", |program| {
                program.verified
            })
        },
    ),
    most(
        19,
        "isatap_xdp of a NIC for both sides, instructions as translated",
        (400.0, 200.0),
        |found| size(found, "isatap_xdp", |program| program.translated),
    ),
    most(
        19,
        "isatap_xdp of a NIC for both sides, octets of machine code",
        (2048.0, 1024.0),
        |found| size(found, "isatap_xdp", |program| program.compiled),
    ),
    most(
        19,
        "isatap_xdp of a NIC for both sides, instructions walked by the verifier",
        (5000.0, 1000.0),
        |found| size(found, "isatap_xdp", |program| program.verified),
    ),
    most(
        20,
        "route, hash, prefix and checksum calls for a packet that the XDP cache knows",
        (0.0, 0.0),
        lookups,
    ),
];

fn over(outcome: &Outcome, one: &str, other: &str) -> Option<f64> {
    ratio(outcome.cost(one)?, outcome.cost(other)?)
}

/// Only where our router found nothing in its cache.
fn over_missing(outcome: &Outcome, one: &str, other: &str, counter: &str) -> Option<f64> {
    let missing = outcome.best(other)?.all_counted(counter);
    missing.then(|| over(outcome, one, other)).flatten()
}

/// Beyond a bare redirect, only where the other program forwarded nearly all by itself.
fn added(outcome: &Outcome, [one, other, bare]: [&str; 3], counter: &str) -> Option<f64> {
    let case = outcome.best(other)?;
    if case
        .counters
        .get(counter)
        .is_none_or(|packets| *packets < case.offered)
    {
        return None;
    }
    let beyond = |name| outcome.cost(name)?.checked_sub(outcome.cost(bare)?);
    ratio(beyond(one)?, beyond(other)?)
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

fn routers_packet(outcome: &Outcome) -> Option<f64> {
    let lists = outcome.host_lists.iter();
    let ratios = lists.filter_map(|list| ratio(list.from_router, list.from_host));
    ratios.max_by(f64::total_cmp)
}

fn routers_packet_beside_many(outcome: &Outcome) -> Option<f64> {
    let (first, last) = (outcome.host_lists.first()?, outcome.host_lists.last()?);
    ratio(last.from_router, first.from_router)
}

/// The longest of them.
fn transfer(outcome: &Outcome) -> Option<f64> {
    let octets = outcome.transfers.last()?.octets;
    let time = |way| outcome.transfer(way, octets)?.time();
    ratio(time("sit")?, time("tc")?)
}

/// The dearer of both directions; nothing if the probes did not notice what they should.
fn lookups(outcome: &Outcome) -> Option<f64> {
    let found = &outcome.lookups;
    let (cached, others): (Vec<_>, Vec<_>) = found
        .iter()
        .partition(|found| found.what.ends_with(", cached"));
    let noticed = |name| {
        let times = others.iter().filter_map(|found| found.asked.get(name));
        times.sum::<u64>() > 0
    };
    if !["csum_diff", "fib", "hash", "trie"]
        .into_iter()
        .all(noticed)
    {
        return None;
    }
    let each = cached
        .iter()
        .filter_map(|found| ratio(found.asked.values().sum(), found.packets));
    each.max_by(f64::total_cmp)
}

/// The size of a program that every frame enters; what it hands on is rare.
fn size(outcome: &Outcome, name: &str, size: fn(&Program) -> u64) -> Option<f64> {
    let mut programs = outcome.programs.iter();
    let program = programs.find(|program| program.name == name)?;
    ratio(size(program), 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::bench::outcome::{Case, Entrance, Kind, Lookups};

    fn counted(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, times)| ((*name).to_owned(), *times))
            .collect()
    }

    fn asked(what: &str, packets: u64, asked: &[(&str, u64)]) -> Lookups {
        Lookups {
            what: what.to_owned(),
            packets,
            asked: counted(asked),
            counters: BTreeMap::new(),
        }
    }

    fn case(name: &str, cost: u64, counters: &[(&str, u64)]) -> Case {
        Case {
            name: name.to_owned(),
            title: String::new(),
            entrance: Entrance::Open,
            sink: Kind::Xdp,
            costs: vec![cost],
            offered: 10,
            delivered: 10,
            counters: counted(counters),
        }
    }

    #[test]
    fn no_look_up_is_believed_only_of_probes_that_notice_some() {
        let none = asked("decapsulation, cached", 10, &[("fib", 0), ("hash", 0)]);
        let some = asked(
            "decapsulation, not cached",
            10,
            &[("fib", 10), ("hash", 30), ("trie", 20)],
        );
        let sum = asked("a program that sums once", 1, &[("csum_diff", 1)]);
        let found = |lookups: &[&Lookups]| Outcome {
            lookups: lookups.iter().copied().cloned().collect(),
            ..Outcome::default()
        };
        assert_eq!(lookups(&found(&[&none, &some])), None);
        assert_eq!(lookups(&found(&[&none, &some, &sum])), Some(0.0));
        let one = asked("encapsulation, cached", 10, &[("hash", 5)]);
        assert_eq!(lookups(&found(&[&none, &one, &some, &sum])), Some(0.5));
    }

    #[test]
    fn a_miss_is_one_only_if_the_router_says_so_of_every_packet() {
        let measured = |counters: &[(&str, u64)]| {
            let cases = vec![
                case("sit-decap", 6000, &[]),
                case("xdp-decap-miss", 3000, counters),
            ];
            let outcome = Outcome {
                cases,
                ..Outcome::default()
            };
            over_missing(&outcome, "sit-decap", "xdp-decap-miss", "in xdp resolved")
        };
        assert_eq!(measured(&[("in xdp resolved", 12)]), Some(2.0));
        assert_eq!(
            measured(&[("in xdp cached", 1), ("in xdp resolved", 11)]),
            None
        );
        assert_eq!(measured(&[]), None);
    }
}
