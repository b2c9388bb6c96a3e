use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const START: Boottime = Duration::from_secs(1000);

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn wanted() -> Wanted {
    Wanted {
        name: Some("isatap.example.test".to_owned()),
        allow: vec!["10.0.0.0/8".parse().unwrap()],
        refresh: secs(3600),
    }
}

fn routers(addresses: &[Ipv4Addr], ttl: u64) -> Answer {
    Answer::Routers {
        addresses: addresses.to_vec(),
        ttl: secs(ttl),
    }
}

const NOTHING: Answer = Answer::Nothing { ttl: None };

/// A look-up with its question and its answer.
struct Course {
    resolver: Resolver,
    now: Boottime,
}

impl Course {
    fn new() -> Self {
        let mut resolver = Resolver::new(7);
        resolver.set_wanted(wanted());
        Self {
            resolver,
            now: START,
        }
    }

    /// Waits for the next question and answers it; how long the wait was, and what was refused.
    fn next(&mut self, answer: Answer) -> (Duration, Vec<PrlError>) {
        let due = self.resolver.next_deadline().unwrap();
        let wait = due.saturating_sub(self.now);
        self.now = self.now.max(due);
        assert_eq!(self.resolver.poll(self.now), Some("isatap.example.test"));
        assert_eq!(self.resolver.poll(self.now), None, "one question at a time");
        let own = BTreeSet::from([Ipv4Addr::new(10, 0, 0, 9)]);
        (wait, self.resolver.answered(self.now, answer, &own))
    }

    fn wait_after(&mut self, answer: Answer) -> Duration {
        self.next(answer);
        self.resolver.next_deadline().unwrap().abs_diff(self.now)
    }

    fn listed(&self) -> Vec<Ipv4Addr> {
        self.resolver.routers().map(|(router, _)| router).collect()
    }
}

#[test]
fn without_a_name_nothing_is_asked() {
    let mut resolver = Resolver::new(7);
    resolver.set_wanted(Wanted {
        name: None,
        ..wanted()
    });
    resolver.wake();
    assert_eq!(
        (resolver.next_deadline(), resolver.poll(START)),
        (None, None)
    );
    assert_eq!(resolver.state(), None);
}

#[test]
fn the_next_look_up_is_at_the_shorter_of_lifetime_and_interval() {
    let mut course = Course::new();
    for (ttl, expected) in [(300, 300), (86_400, 3600), (1, 5), (0, 3600)] {
        assert_eq!(course.wait_after(routers(&[A], ttl)), secs(expected));
    }
    course.resolver.set_wanted(Wanted {
        refresh: secs(1),
        ..wanted()
    });
    assert_eq!(course.wait_after(routers(&[A], 300)), secs(1));
    course.resolver.set_wanted(Wanted {
        refresh: Duration::MAX,
        ..wanted()
    });
    assert_eq!(course.wait_after(routers(&[A], 86_400)), secs(86_400));
}

#[test]
fn a_router_goes_with_the_second_answer_that_lacks_it() {
    for lacking in [routers(&[B], 60), NOTHING] {
        let mut course = Course::new();
        course.next(routers(&[A, B], 60));
        assert_eq!(course.wait_after(lacking.clone()), CONFIRM);
        assert_eq!(course.listed(), [A, B]);
        // A failure confirms nothing.
        course.next(Answer::Failed("timeout".to_owned()));
        assert_eq!(course.listed(), [A, B]);
        course.next(lacking.clone());
        let left: &[Ipv4Addr] = if lacking == NOTHING { &[] } else { &[B] };
        assert_eq!(course.listed(), left);
    }
}

#[test]
fn a_router_that_is_back_in_the_second_answer_stays() {
    let mut course = Course::new();
    course.next(routers(&[A, B], 60));
    for answer in [routers(&[B], 60), routers(&[A, B], 60), routers(&[B], 60)] {
        course.next(answer);
        assert_eq!(course.listed(), [A, B]);
    }
}

#[test]
fn failures_keep_the_list_and_are_retried_ever_more_rarely() {
    let mut course = Course::new();
    course.next(routers(&[A], 60));
    let mut expected = 2.0;
    for _ in 0..20 {
        let wait = course.wait_after(Answer::Failed("SERVFAIL".to_owned()));
        let range = expected * 0.9..=expected * 1.1;
        assert!(range.contains(&wait.as_secs_f64()), "{wait:?}");
        expected = f64::min(expected * 2.0, 300.0);
        assert_eq!(course.listed(), [A]);
    }
    assert!(course.now > START + secs(3600), "an hour without DNS");
    let state = course.resolver.state().unwrap();
    assert_eq!(state.failed, Some((course.now, "SERVFAIL".to_owned())));
    assert!(course.resolver.until(A).unwrap() < course.now);
    course.resolver.wake();
    assert_eq!(course.resolver.next_deadline(), Some(course.now + PACE));
    course.next(routers(&[A], 60));
    assert_eq!(course.resolver.state().unwrap().failed, None);
}

#[test]
fn what_may_not_be_a_router_is_refused_once() {
    let mut course = Course::new();
    let poisoned = [
        "10.0.0.1",
        "0.0.0.1",
        "127.0.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "10.0.0.9",
        "192.0.2.1",
    ];
    let poisoned = poisoned.map(|text| text.parse().unwrap());
    let (_, refused) = course.next(routers(&poisoned, 60));
    let [_, zero, loopback, multicast, reserved, own, outside] = poisoned;
    assert_eq!(
        refused,
        [
            PrlError::Martian(zero),
            PrlError::Own(own),
            PrlError::Martian(loopback),
            PrlError::NotAllowed(outside),
            PrlError::Martian(multicast),
            PrlError::Martian(reserved),
        ]
    );
    assert_eq!(course.listed(), [A]);
    assert_eq!(course.next(routers(&poisoned, 60)).1, []);
    assert_eq!(course.resolver.state().unwrap().refused.len(), 6);
}

#[test]
fn an_answer_of_which_nothing_is_believed_changes_nothing() {
    let mut course = Course::new();
    course.next(routers(&[A], 60));
    for _ in 0..3 {
        course.next(routers(&[Ipv4Addr::new(192, 0, 2, 1)], 60));
        assert_eq!(course.listed(), [A]);
    }
}

#[test]
fn the_same_64_of_many_are_taken_in_any_order() {
    let many: Vec<_> = (0..1000)
        .map(|n| Ipv4Addr::from_bits(0x0a01_0000 + n))
        .collect();
    let mut course = Course::new();
    let (_, refused) = course.next(routers(&many, 60));
    assert_eq!(refused.len(), 936);
    let reversed: Vec<_> = many.iter().rev().copied().collect();
    for _ in 0..2 {
        course.next(routers(&reversed, 60));
    }
    assert_eq!(course.listed(), many[..64]);
}

#[test]
fn an_answer_without_lifetime_is_for_one_solicitation() {
    let mut course = Course::new();
    course.next(routers(&[A], 0));
    let resolver = &mut course.resolver;
    assert!(resolver.is_current(course.now + PACE));
    let later = course.now + secs(4);
    assert!(!resolver.is_current(later));
    assert!(resolver.poll(later).is_some());
    assert!(
        !resolver.is_current(later),
        "while the question is under way"
    );
    // Without an answer the old list must do.
    resolver.answered(
        later,
        Answer::Failed("timeout".to_owned()),
        &BTreeSet::new(),
    );
    assert!(resolver.is_current(later));
    resolver.wake();
    course.now = later;
    course.next(routers(&[A], 60));
    assert!(course.resolver.is_current(course.now + secs(999)));
}

#[test]
fn what_is_not_wanted_any_more_goes_at_once() {
    let mut course = Course::new();
    course.next(routers(&[A, B], 60));
    course.resolver.set_wanted(Wanted {
        allow: vec!["10.0.0.2/32".parse().unwrap()],
        ..wanted()
    });
    assert_eq!(course.listed(), [B]);
    course.resolver.set_wanted(Wanted {
        name: Some("other.example.test".to_owned()),
        ..wanted()
    });
    assert!(course.listed().is_empty());
    assert!(course.resolver.poll(course.now + PACE).is_some());
    course.resolver.set_wanted(Wanted::default());
    // The answer to a question that nobody asks any more.
    let late = routers(&[A], 60);
    course
        .resolver
        .answered(course.now + PACE, late, &BTreeSet::new());
    assert_eq!(
        (course.listed(), course.resolver.next_deadline()),
        (vec![], None)
    );
}

fn answer() -> impl Strategy<Value = Answer> {
    let address = prop_oneof![
        (0..4_u8).prop_map(|last| Ipv4Addr::new(10, 0, 0, last)),
        any::<u32>().prop_map(Ipv4Addr::from_bits),
    ];
    prop_oneof![
        (vec(address, 0..100), any::<u32>()).prop_map(|(addresses, ttl)| Answer::Routers {
            addresses,
            ttl: secs(ttl.into()),
        }),
        Just(NOTHING),
        Just(Answer::Failed("no".to_owned())),
    ]
}

proptest! {
    #[test]
    fn any_course_of_answers_keeps_the_promises(
        steps in vec((answer(), 0..100_u64, any::<bool>()), 1..60),
    ) {
        let mut course = Course::new();
        let mut asked = None;
        for (answer, early, wake) in steps {
            if wake {
                course.now += Duration::from_millis(early);
                course.resolver.wake();
            }
            let before = course.listed();
            let failed = matches!(answer, Answer::Failed(_));
            let believable = matches!(&answer, Answer::Routers { addresses, .. }
                if addresses.iter().any(|a| a.octets()[0] == 10 && a.octets()[3] != 9));
            course.next(answer);
            let listed = course.listed();
            prop_assert!(listed.iter().all(|router| router.octets()[0] == 10));
            prop_assert!(listed.len() <= Table::DNS_LIMIT);
            prop_assert!(!failed || listed == before);
            prop_assert!(!believable || !listed.is_empty());
            prop_assert!(asked.is_none_or(|asked| course.now >= asked + PACE));
            asked = Some(course.now);
            let next = course.resolver.next_deadline().unwrap();
            prop_assert!(next <= course.now + secs(3600));
        }
    }
}
