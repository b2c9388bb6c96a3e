use std::time::Duration;

/// `MIN_RANDOM_FACTOR`, and how much `MAX_RANDOM_FACTOR` is above it (RFC 4861 section 10).
const FACTORS: (f64, f64) = (0.5, 1.0);
/// The longest Reachable Time that a router may advertise (RFC 4861 section 6.2.1).
const LONGEST_REACHABLE: Duration = Duration::from_hours(1);
/// The longest that is waited for one answer.
const LONGEST_RETRANS: Duration = Duration::from_mins(1);
/// No neighbour is asked more often than that, whatever routers advertise.
const LEAST: Duration = Duration::from_secs(1);

/// The variables of a host (RFC 4861 section 6.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    reachable: Duration,
    retrans: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self::advertised(None, None)
    }
}

impl Timing {
    /// What routers advertise, within bounds; the defaults of RFC 4861 section 10 where they say
    /// nothing.
    pub fn advertised(reachable: Option<Duration>, retrans: Option<Duration>) -> Self {
        let (reachable, retrans) = (
            reachable.unwrap_or(Duration::from_secs(30)),
            retrans.unwrap_or(LEAST),
        );
        Self {
            reachable: reachable.clamp(LEAST, LONGEST_REACHABLE),
            retrans: retrans.clamp(LEAST, LONGEST_RETRANS),
        }
    }

    /// `RetransTimer`.
    pub(super) const fn retrans(self) -> Duration {
        self.retrans
    }

    /// `ReachableTime`, of which every confirmation has a random one.
    pub(super) fn reachable_for(self, random: &mut fastrand::Rng) -> Duration {
        let (least, range) = FACTORS;
        self.reachable.mul_f64(least + range * random.f64())
    }
}
