//! What traffic and errors hint at.

use super::*;

/// The least favourable moment: heard from just after a look at the traffic.
#[test]
fn a_router_that_falls_silent_under_traffic_is_given_up_within_four_seconds() {
    for phase in 0..20 {
        let mut bench = Bench::reachable();
        bench.run(ms(5000 + phase * 100), Flow::Both);
        assert_eq!(bench.asked, []);
        let last_heard = span(ms(100), bench.now);
        bench.run(ms(6000), Flow::Out);
        let first = *bench.asked.first().unwrap();
        let three = [first, first + ms(1000), first + ms(2000)];
        assert_eq!(bench.asked.get(..3), Some(three.as_slice()));
        let died = *bench.died.first().unwrap();
        assert!(
            span(last_heard, died) <= ms(3700),
            "{:?}",
            span(last_heard, died)
        );
        assert!(span(first, died) >= ms(2500));
    }
}

/// As where answers of the server come by another router.
#[test]
fn one_that_forwards_and_is_never_heard_is_asked_every_second() {
    let mut bench = Bench::reachable();
    for _ in 0..600 {
        let before = bench.asked.len();
        bench.run(ms(100), Flow::Out);
        if bench.asked.len() > before {
            bench.answer();
        }
    }
    assert_eq!(bench.died, []);
    assert!((55..=61).contains(&bench.asked.len()), "{:?}", bench.asked);
    let answered = *bench.asked.last().unwrap();
    bench.run(ms(5000), Flow::Out);
    let died = *bench.died.first().unwrap();
    assert!(
        span(answered, died) <= ms(3600),
        "{:?}",
        span(answered, died)
    );
}

/// Or once: an account that is a second old does not tell a neighbour that fell silent from one that
/// nobody talks to any more.
#[test]
fn nothing_is_asked_where_nothing_flows() {
    for phase in 0..20 {
        let mut bench = Bench::reachable();
        bench.run(ms(5000 + phase * 100), Flow::Both);
        bench.run(ms(2000), Flow::None);
        assert!(bench.asked.len() <= 1, "{:?}", bench.asked);
        bench.answer();
        bench.run(ms(60_000), Flow::None);
        bench.run(ms(5000), Flow::In);
        assert!(bench.asked.len() <= 1, "{:?}", bench.asked);
    }
}

/// A question every half minute or so, as RFC 4861 has it, and not one for each packet.
#[test]
fn a_packet_now_and_then_that_is_answered_makes_nobody_suspect() {
    let mut bench = Bench::reachable();
    for _ in 0..60 {
        bench.packets.sent += 1;
        bench.packets.heard += 1;
        for _ in 0..100 {
            let before = bench.asked.len();
            bench.run(ms(100), Flow::None);
            if bench.asked.len() > before {
                bench.answer();
            }
        }
    }
    assert_eq!(bench.died, []);
    assert!((10..=30).contains(&bench.asked.len()), "{:?}", bench.asked);
}

/// Otherwise each would be a use, and the next would follow from it.
#[test]
fn our_own_messages_are_no_traffic() {
    let mut bench = Bench::new();
    bench.run(ms(100), Flow::None);
    bench.answer();
    for _ in 0..100 {
        bench.packets.sent += 1;
        bench.detector.spoke(link_local(ROUTER));
        bench.run(ms(1000), Flow::None);
    }
    assert_eq!(bench.asked, [START]);
    assert_eq!(bench.state(), R::Stale);
}

#[test]
fn packets_from_a_neighbour_confirm_nothing() {
    let mut bench = Bench::new();
    bench.run(ms(4000), Flow::Both);
    assert_eq!(bench.died, [START + ms(3000)]);
    assert_eq!(bench.state(), R::Unreachable);
}

#[test]
fn an_error_brings_a_probe_forward_and_neither_kills_nor_confirms() {
    let mut bench = Bench::reachable();
    bench.run(ms(2000), Flow::None);
    let hinted = bench.now;
    bench.detector.hint(hinted, ROUTER);
    assert_eq!(bench.state(), R::Probe);
    assert_eq!(bench.died, []);
    bench.run(ms(1500), Flow::None);
    bench.detector.hint(bench.now, ROUTER);
    bench.run(ms(5000), Flow::None);
    assert_eq!(
        bench.asked,
        [0, 1, 2].map(|second| hinted + ms(second * 1000))
    );
    assert_eq!(bench.died, [hinted + ms(2500)], "sooner than by itself");
    for _ in 0..100 {
        bench.detector.hint(bench.now, ROUTER);
        bench.run(ms(100), Flow::None);
    }
    assert_eq!(bench.state(), R::Unreachable);
    assert_eq!(bench.asked.len(), 3);
}

#[test]
fn errors_cannot_make_a_host_ask_more_than_once_a_second() {
    let mut bench = Bench::reachable();
    for _ in 0..300 {
        let before = bench.asked.len();
        bench.detector.hint(bench.now, ROUTER);
        bench.run(ms(100), Flow::None);
        if bench.asked.len() > before {
            bench.answer();
        }
    }
    assert!(bench.asked.len() <= 30, "{}", bench.asked.len());
}

#[test]
fn an_unreachable_router_that_advertises_is_probed_at_once() {
    let mut bench = Bench::new();
    bench.run(ms(20_000), Flow::None);
    bench.asked.clear();
    let advertised = bench.now;
    bench.detector.advertised(advertised, link_local(ROUTER));
    assert_eq!(bench.state(), R::Unreachable, "not confirmed yet");
    bench.run(ms(100), Flow::None);
    assert_eq!(bench.asked, [advertised]);
    assert!(bench.answer().revived);
}

#[test]
fn one_that_would_be_used_is_tried_once_a_minute() {
    let mut bench = Bench::new();
    bench.run(ms(4000), Flow::None);
    bench.asked.clear();
    for _ in 0..3000 {
        bench.detector.revisit(bench.now, ROUTER);
        bench.run(ms(100), Flow::None);
    }
    assert_eq!(bench.asked.len(), 5);
    let minute = |pair: &[Boottime]| span(pair[0], pair[1]) >= ms(60_000);
    assert!(bench.asked.windows(2).all(minute), "{:?}", bench.asked);
    assert_eq!(bench.died.len(), 1);
}

/// With no other to turn to, packets go on to flow to it.
#[test]
fn an_unreachable_neighbour_in_use_is_asked_on() {
    let mut bench = Bench::new();
    bench.run(ms(30_000), Flow::Out);
    assert!(bench.asked.len() > 20, "{:?}", bench.asked);
    let second = |pair: &[Boottime]| span(pair[0], pair[1]) >= ms(1000);
    assert!(bench.asked.windows(2).all(second), "{:?}", bench.asked);
    assert_eq!(bench.died.len(), 1, "that it died is said once");
    assert!(bench.detector.dead_since(ROUTER) > Some(START + ms(20_000)));
}

/// Compared here, because other programs take the time of one that is compared with a watch.
#[test]
fn an_error_under_traffic_gives_a_router_up_sooner_than_silence_does() {
    let given_up = |phase: u64, is_told: bool| {
        let mut bench = Bench::reachable();
        bench.run(ms(5000 + phase * 100), Flow::Both);
        bench.run(ms(100), Flow::Out);
        let start = bench.now;
        if is_told {
            bench.detector.hint(start, ROUTER);
        }
        bench.run(ms(6000), Flow::Out);
        span(start, *bench.died.first().unwrap())
    };
    for phase in 0..20 {
        let (told, silent) = (given_up(phase, true), given_up(phase, false));
        assert_eq!(told, ms(2500), "{phase}");
        assert!(told < silent, "{phase}: {told:?}, {silent:?}");
    }
}

/// One that is asked for another reason is waited for no longer than one that was asked for it.
#[test]
fn an_error_while_a_router_is_asked_shortens_the_last_wait() {
    for asked in 1..=3 {
        let mut bench = Bench::new();
        bench.run(ms(asked * 1000 - 900), Flow::None);
        assert_eq!(bench.asked.len() as u64, asked);
        bench.detector.hint(bench.now, ROUTER);
        bench.run(ms(4000), Flow::None);
        let last = if asked == 3 { 3000 } else { 2500 };
        assert_eq!(bench.died, [START + ms(last)], "{asked}");
    }
}
