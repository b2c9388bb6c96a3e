//! What is aimed at, and how near it is.

use super::outcome::Outcome;
use crate::interop::outcome::Program;

/// One row of the table of goals.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// What is measured.
    pub title: &'static str,
    bound: Bound,
    /// What must hold.
    pub floor: f64,
    /// What would be among the best.
    pub aim: f64,
    measure: fn(&Outcome) -> Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Most,
    Least,
}

/// How a goal came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As good as was aimed at.
    Reached,
    /// Not that good.
    FloorHolds,
    /// Not even what must hold.
    Missed,
    /// A case that it needs lost packets or was not measured.
    Unknown,
}

impl Verdict {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Reached => "aim reached",
            Self::FloorHolds => "floor holds",
            Self::Missed => "**not met**",
            Self::Unknown => "not measured",
        }
    }
}

/// Every goal that a count of instructions can judge.
pub const ALL: &[Goal] = &[
    most(
        "XDP decapsulation over bare redirect",
        (1.25, 1.18),
        |found| over(found, "xdp-decap", "redirect-in"),
    ),
    most(
        "XDP encapsulation over bare redirect",
        (1.25, 1.17),
        |found| over(found, "xdp-encap", "redirect-out"),
    ),
    least(
        "sit over XDP, decapsulation, whole path",
        (4.0, 4.5),
        |found| over(found, "sit-decap", "xdp-decap"),
    ),
    least(
        "sit over XDP, encapsulation, whole path",
        (4.0, 4.5),
        |found| over(found, "sit-encap", "xdp-encap"),
    ),
    least(
        "sit over XDP, decapsulation, router only",
        (6.0, 8.0),
        |found| router_only(found, "sit-decap", "xdp-decap"),
    ),
    least(
        "sit over XDP, encapsulation, router only",
        (6.0, 8.0),
        |found| router_only(found, "sit-encap", "xdp-encap"),
    ),
    least(
        "sit over TC, decapsulation, whole path",
        (1.5, 1.9),
        |found| over(found, "sit-decap", "tc-decap"),
    ),
    least(
        "sit over TC, encapsulation, whole path",
        (1.4, 1.6),
        |found| over(found, "sit-encap", "tc-encap"),
    ),
    most(
        "a host's packet beside 65 000 routers over beside none",
        (1.01, 1.0),
        long_lists,
    ),
    most(
        "largest program, instructions as translated",
        (400.0, 200.0),
        |found| largest(found, |program| program.translated),
    ),
    most(
        "largest program, octets of machine code",
        (2048.0, 1024.0),
        |found| largest(found, |program| program.compiled),
    ),
    most(
        "largest program, instructions walked by the verifier",
        (5000.0, 1000.0),
        |found| largest(found, |program| program.verified),
    ),
];

const fn most(
    title: &'static str,
    (floor, aim): (f64, f64),
    measure: fn(&Outcome) -> Option<f64>,
) -> Goal {
    Goal {
        title,
        bound: Bound::Most,
        floor,
        aim,
        measure,
    }
}

const fn least(
    title: &'static str,
    limits: (f64, f64),
    measure: fn(&Outcome) -> Option<f64>,
) -> Goal {
    Goal {
        bound: Bound::Least,
        ..most(title, limits, measure)
    }
}

impl Goal {
    /// What was measured, and what that means.
    pub fn judge(&self, outcome: &Outcome) -> (Option<f64>, Verdict) {
        let Some(measured) = (self.measure)(outcome) else {
            return (None, Verdict::Unknown);
        };
        let meets = |limit| match self.bound {
            Bound::Most => measured <= limit,
            Bound::Least => measured >= limit,
        };
        let verdict = match (meets(self.aim), meets(self.floor)) {
            (true, _) => Verdict::Reached,
            (_, true) => Verdict::FloorHolds,
            _ => Verdict::Missed,
        };
        (Some(measured), verdict)
    }

    /// A limit as it is written.
    pub fn limit(&self, limit: f64) -> String {
        let sign = match self.bound {
            Bound::Most => "≤",
            Bound::Least => "≥",
        };
        format!("{sign} {}", figure(limit))
    }
}

/// A ratio has two digits behind the point, a size none.
pub fn figure(figure: f64) -> String {
    if figure < 100.0 {
        format!("{figure:.2}")
    } else {
        format!("{figure:.0}")
    }
}

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

/// Of two counts.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
pub fn ratio(one: u64, other: u64) -> Option<f64> {
    (other > 0).then(|| one as f64 / other as f64)
}
