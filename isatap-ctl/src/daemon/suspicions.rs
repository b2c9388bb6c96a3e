//! Signs of a translator of addresses, or of a filter, between this node and others. Neither says that
//! it is there, and both ends see nothing but silence and drops.

use std::{collections::BTreeMap, time::Duration};

use isatap_common::{
    abi::{Direction, Layer},
    path::Reason,
};
use tracing::warn;

use super::node::Node;
use crate::{clock::Boottime, control::Suspicion, datapath, nd::host::HostState};

/// How often the counters are looked at.
const PACE: Duration = Duration::from_secs(5);
/// How long after the last such packet it is still shown.
const SHOWN: Duration = Duration::from_mins(10);
/// Least time between two lines of the log about the same.
const SILENCE: Duration = Duration::from_hours(1);

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Suspicions {
    next_look: Boottime,
    /// Packets with differing sources so far; those of earlier processes are no news.
    differing: Option<u64>,
    seen: BTreeMap<Suspicion, Boottime>,
    said: BTreeMap<Suspicion, Boottime>,
}

impl Suspicions {
    /// Whether it is time to look.
    fn is_due(&mut self, now: Boottime) -> bool {
        let is_due = now >= self.next_look;
        if is_due {
            self.next_look = now.saturating_add(PACE);
        }
        is_due
    }

    /// Takes the state of the counter, and whether all routers leave their questions unanswered. Returns
    /// what is to be logged.
    fn look(&mut self, now: Boottime, differing: u64, is_unanswered: bool) -> Vec<Suspicion> {
        let before = self.differing.replace(differing).unwrap_or(differing);
        if differing > before {
            self.seen.insert(Suspicion::SourcesDiffer, now);
        }
        if is_unanswered {
            self.seen.insert(Suspicion::NoRouterAnswers, now);
        } else {
            self.seen.remove(&Suspicion::NoRouterAnswers);
        }
        let mut news = self.shown(now);
        news.retain(|suspicion| {
            let said = self.said.get(suspicion);
            said.is_none_or(|said| now.saturating_sub(*said) >= SILENCE)
        });
        self.said
            .extend(news.iter().map(|suspicion| (*suspicion, now)));
        news
    }

    /// What is to be shown.
    pub fn shown(&self, now: Boottime) -> Vec<Suspicion> {
        let seen = self.seen.iter();
        let lately = seen.filter(|(_, at)| now.saturating_sub(**at) < SHOWN);
        lately.map(|(suspicion, _)| *suspicion).collect()
    }
}

impl Node {
    /// Looks for signs, if it is time to.
    pub(super) fn suspect(&mut self, now: Boottime) {
        if !self.suspicions.is_due(now) {
            return;
        }
        let host = self.discovery.host(now);
        let is_unanswered = host.is_some_and(|state| nobody_answers(&state));
        let differing = self.differing();
        for suspicion in self.suspicions.look(now, differing, is_unanswered) {
            warn!("{suspicion}");
        }
    }

    fn differing(&self) -> u64 {
        let maps = &self.datapath.maps;
        let of = |layer| (Direction::In, layer, Reason::SourceMismatch);
        let counts = Layer::ALL
            .into_iter()
            .map(|layer| datapath::counted(&maps.counters, &maps.caches, of(layer)));
        counts.flatten().map(|count| count.packets).sum()
    }
}

/// Whether there are routers, and each was asked as often as RFC 4861 has it, and none ever answered.
fn nobody_answers(state: &HostState) -> bool {
    let mut routers = state.routers.iter();
    !state.routers.is_empty()
        && routers.all(|router| router.last_advertised.is_none() && router.silent)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::nd::host::RouterState;
    use Suspicion::{NoRouterAnswers, SourcesDiffer};

    fn at(seconds: u64) -> Boottime {
        Boottime::from_secs(seconds)
    }

    #[test]
    fn only_packets_that_are_new_count_and_not_for_ever() {
        let mut suspicions = Suspicions::default();
        assert_eq!(suspicions.look(at(0), 7, false), [], "of another process");
        assert_eq!(suspicions.look(at(5), 7, false), []);
        assert_eq!(suspicions.look(at(10), 8, false), [SourcesDiffer]);
        assert_eq!(suspicions.shown(at(609)), [SourcesDiffer]);
        assert_eq!(suspicions.shown(at(610)), []);
    }

    #[test]
    fn the_same_is_logged_once_an_hour() {
        let mut suspicions = Suspicions::default();
        suspicions.look(at(0), 0, false);
        let mut logged = Vec::new();
        for seconds in 1..=7201 {
            let news = suspicions.look(at(seconds), seconds, false);
            logged.extend(news.iter().map(|_| seconds));
        }
        assert_eq!(logged, [1, 3601, 7201]);
    }

    #[test]
    fn one_answer_ends_the_doubt_about_routers() {
        let mut suspicions = Suspicions::default();
        assert_eq!(suspicions.look(at(0), 0, true), [NoRouterAnswers]);
        assert_eq!(suspicions.shown(at(1)), [NoRouterAnswers]);
        suspicions.look(at(5), 0, false);
        assert_eq!(suspicions.shown(at(5)), []);
    }

    #[test]
    fn routers_are_suspect_when_all_of_them_have_been_asked_in_vain() {
        let router = |silent: bool, advertised: Option<u64>| RouterState {
            router: Ipv4Addr::new(10, 0, 0, 1),
            last_solicited: Some(at(1)),
            last_advertised: advertised.map(at),
            lifetime_end: None,
            form: None,
            silent,
        };
        let suspect = |routers: &[RouterState]| {
            nobody_answers(&HostState {
                routers: routers.to_vec(),
                ..HostState::default()
            })
        };
        assert!(!suspect(&[]));
        assert!(suspect(&[router(true, None), router(true, None)]));
        assert!(!suspect(&[router(true, None), router(false, None)]));
        assert!(!suspect(&[router(true, Some(2))]), "it fell silent");
    }
}
