//! What is aimed at, and how near it is.

pub mod control;
pub mod counted;
pub mod timed;

/// One row of the table of goals, judged by what one instrument brought out.
#[derive(Clone, Copy, Debug)]
pub struct Goal<Outcome> {
    /// Its place in the table; several rows may share it.
    pub number: u8,
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

const fn most<Outcome>(
    number: u8,
    title: &'static str,
    (floor, aim): (f64, f64),
    measure: fn(&Outcome) -> Option<f64>,
) -> Goal<Outcome> {
    Goal {
        number,
        title,
        bound: Bound::Most,
        floor,
        aim,
        measure,
    }
}

const fn least<Outcome>(
    number: u8,
    title: &'static str,
    limits: (f64, f64),
    measure: fn(&Outcome) -> Option<f64>,
) -> Goal<Outcome> {
    Goal {
        bound: Bound::Least,
        ..most(number, title, limits, measure)
    }
}

impl<Outcome> Goal<Outcome> {
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

    /// The row of an outcome, named by where it was measured.
    pub fn row(&self, outcome: &Outcome, place: &str) -> GoalRow {
        let (measured, verdict) = self.judge(outcome);
        let cells = [
            self.number.to_string(),
            self.title.to_owned(),
            self.limit(self.floor),
            self.limit(self.aim),
            place.to_owned(),
            measured.map(figure).unwrap_or_default(),
            verdict.words().to_owned(),
        ];
        (self.number, cells)
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

/// A row of the table and its place in it.
pub type GoalRow = (u8, [String; 7]);

/// A ratio has two digits behind the point, a size none.
pub fn figure(figure: f64) -> String {
    if figure < 100.0 {
        format!("{figure:.2}")
    } else {
        format!("{figure:.0}")
    }
}

/// Of two counts.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
pub fn ratio(one: u64, other: u64) -> Option<f64> {
    (other > 0).then(|| one as f64 / other as f64)
}
