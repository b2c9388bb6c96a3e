use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Event {
    Pass(u64, u64, u64),
    Answer(bool, bool),
    Hint,
    Advertised,
    Revisit,
    Spoke,
    Unwatch,
    Retrans(u64),
    Suspend(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0..3000_u64, 0..3_u64, 0..3_u64).prop_map(|(time, sent, heard)| Event::Pass(time, sent, heard)),
        4 => any::<(bool, bool)>().prop_map(|(solicited, router)| Event::Answer(solicited, router)),
        2 => Just(Event::Hint),
        1 => Just(Event::Advertised),
        1 => Just(Event::Revisit),
        1 => Just(Event::Spoke),
        1 => Just(Event::Unwatch),
        1 => (0..10_000_u64).prop_map(Event::Retrans),
        1 => (0..10_000_000_u64).prop_map(Event::Suspend),
    ]
}

/// What an observer of the wire and of the answers knows of the neighbour.
#[derive(Default)]
struct Observer {
    asked: Vec<Boottime>,
    unanswered: usize,
    confirmed: Option<Boottime>,
}

proptest! {
    #[test]
    fn any_course_of_events_keeps_the_promises(events in vec(event(), 1..200), seed in any::<u64>()) {
        let mut detector = Detector::new(seed);
        detector.set_locator(Some(OURS));
        let (mut now, mut packets) = (START, Exchanged::default());
        let mut seen = Observer::default();
        detector.watch(now, &watched([ROUTER]));
        for event in events {
            let before = detector.reachability(ROUTER);
            let confirmation = act(&mut detector, &mut now, &mut packets, event);
            if let Some(()) = confirmation && seen.unanswered > 0 {
                seen.confirmed = Some(now);
                seen.unanswered = 0;
            }
            if matches!(event, Event::Unwatch) {
                seen = Observer { asked: std::mem::take(&mut seen.asked), ..Observer::default() };
                seen.asked.clear();
            }
            for neighbor in detector.sampling(now) {
                detector.exchanged(now, neighbor, packets);
            }
            let due = detector.poll(now);
            // Rate: one solicitation for a neighbour in a second, and one at a time.
            prop_assert!(due.probes.len() <= 1);
            if !due.probes.is_empty() {
                let last = seen.asked.last();
                prop_assert!(last.is_none_or(|last| span(*last, now) >= ms(1000)), "{:?} {now:?}", last);
                seen.asked.push(now);
                seen.unanswered += 1;
            }
            // Found dead: after three solicitations that nobody answered, the first of which was sent
            // long enough ago.
            if !due.died.is_empty() {
                prop_assert!(seen.unanswered >= 3);
                let first = seen.asked[seen.asked.len() - 3];
                prop_assert!(span(first, now) >= ms(2500), "{:?}", span(first, now));
            }
            let after = detector.reachability(ROUTER);
            // Only an answer makes it reachable, and only for a time.
            if after == R::Reachable {
                let confirmed = seen.confirmed.expect("nobody answered");
                prop_assert!(span(confirmed, now) <= ms(45_000));
                prop_assert!(before == R::Reachable || confirmation.is_some());
            }
            prop_assert_eq!(after == R::Unreachable, detector.dead_since(ROUTER).is_some());
            // Something is always planned, and not long past.
            let deadline = detector.next_deadline();
            prop_assert!(deadline.is_some_and(|deadline| deadline + ms(1) > now));
        }
    }
}

/// Lets it happen. Returns whether it was an answer.
fn act(
    detector: &mut Detector,
    now: &mut Boottime,
    packets: &mut Exchanged,
    event: Event,
) -> Option<()> {
    match event {
        Event::Pass(time, sent, heard) => {
            *now += ms(time);
            packets.sent += sent;
            packets.heard += heard;
        }
        Event::Answer(solicited, router) => {
            let message = NeighborAdvert {
                solicited,
                router,
                ..advert(ROUTER)
            };
            hear(detector, *now, link_local(ROUTER), &message).unwrap();
            return solicited.then_some(());
        }
        Event::Hint => detector.hint(*now, ROUTER),
        Event::Advertised => detector.advertised(*now, link_local(ROUTER)),
        Event::Revisit => detector.revisit(*now, ROUTER),
        Event::Spoke => detector.spoke(link_local(ROUTER)),
        Event::Unwatch => {
            detector.watch(*now, &BTreeMap::new());
            // It comes back when the next question may follow.
            *now += ms(1000);
            detector.watch(*now, &watched([ROUTER]));
        }
        Event::Retrans(time) => {
            detector.set_timing(Timing::advertised(None, Some(ms(time))));
        }
        Event::Suspend(time) => *now += ms(time),
    }
    None
}
