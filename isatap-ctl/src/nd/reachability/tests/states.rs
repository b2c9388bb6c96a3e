//! The states and their times, as the RFC has them.

use super::*;

#[test]
fn a_new_neighbour_is_asked_at_once_and_three_times_a_second_apart() {
    let mut bench = Bench::new();
    assert_eq!(bench.state(), R::Probe);
    bench.run(ms(10_000), Flow::None);
    assert_eq!(
        bench.asked,
        [0, 1, 2].map(|second| START + ms(second * 1000))
    );
    assert_eq!(bench.died, [START + ms(3000)]);
    assert_eq!(bench.state(), R::Unreachable);
    assert_eq!(bench.detector.dead_since(ROUTER), Some(START + ms(3000)));
}

#[test]
fn a_solicitation_goes_from_our_link_local_address_to_that_of_the_neighbour() {
    let mut bench = Bench::new();
    let due = bench.detector.poll(START);
    let [probe] = due.probes.as_slice() else {
        panic!("{due:?}");
    };
    assert_eq!(probe.source, link_local(OURS));
    assert_eq!(probe.destination, link_local(ROUTER));
    let received = Received {
        source: probe.source,
        destination: probe.destination,
        hop_limit: Some(255),
        bytes: &probe.bytes,
    };
    let target = link_local(ROUTER);
    assert_eq!(
        NeighborSolicit::decode(&received),
        Ok(NeighborSolicit { target })
    );
    bench.detector.set_locator(None);
    assert_eq!(bench.detector.poll(START + ms(5000)), Due::default());
}

#[test]
fn an_answer_holds_for_half_to_one_and_a_half_times_the_reachable_time() {
    let mut spans = Vec::new();
    for seed in 0..50 {
        let mut bench = Bench::new();
        bench.detector = Detector::new(seed);
        bench.detector.set_locator(Some(OURS));
        let reachable = Some(ms(20_000));
        bench
            .detector
            .set_timing(Timing::advertised(reachable, None));
        bench.detector.watch(START, &watched([ROUTER]));
        bench.tick();
        bench.answer();
        while bench.state() == R::Reachable {
            bench.run(ms(100), Flow::None);
        }
        assert_eq!(bench.state(), R::Stale);
        spans.push(span(START, bench.now));
    }
    let (least, most) = (spans.iter().min().unwrap(), spans.iter().max().unwrap());
    assert!(
        *least >= ms(10_000) && *most <= ms(30_200),
        "{least:?} {most:?}"
    );
    assert!(span(*least, *most) > ms(10_000), "not random: {spans:?}");
}

#[test]
fn a_stale_neighbour_is_left_alone_until_it_is_used_and_five_seconds_more() {
    let mut bench = Bench::reachable();
    bench.run(ms(600_000), Flow::None);
    assert_eq!(bench.state(), R::Stale);
    assert_eq!(bench.asked, []);
    let used = bench.now;
    bench.run(ms(1200), Flow::Both);
    assert_eq!(bench.state(), R::Delay);
    bench.run(ms(8800), Flow::Both);
    let first = *bench.asked.first().unwrap();
    assert!(
        first >= used + ms(5000) && first <= used + ms(6200),
        "{first:?}"
    );
    assert_eq!(bench.asked.len(), 3);
    assert_eq!(bench.died.len(), 1, "heard from, but it did not answer");
    assert_eq!(bench.died, [first + ms(3000)]);
}

/// A neighbour that answers is asked about once in the time for which an answer holds.
#[test]
fn traffic_both_ways_costs_few_solicitations() {
    let mut bench = Bench::reachable();
    for _ in 0..6000 {
        let before = bench.asked.len();
        bench.run(ms(100), Flow::Both);
        if bench.asked.len() > before {
            bench.answer();
        }
    }
    assert_eq!(bench.died, []);
    let count = bench.asked.len();
    assert!((600 / 52..=600 / 20).contains(&count), "{count}");
}

#[test]
fn routers_cannot_make_hosts_ask_more_than_once_a_second_or_never() {
    for (retrans, second) in [(1, 1000), (3000, 3000), (86_400_000, 60_000)] {
        let mut bench = Bench::new();
        let timing = Timing::advertised(Some(ms(u64::MAX)), Some(ms(retrans)));
        bench.detector.set_timing(timing);
        bench.run(ms(2 * second + 100), Flow::None);
        let expected = [0, 1, 2].map(|n| START + ms(n * second));
        assert_eq!(bench.asked, expected, "{retrans}");
    }
}

#[test]
fn time_that_passes_in_suspend_is_no_silence() {
    for asked in 1..=3 {
        let mut bench = Bench::new();
        bench.run(ms(asked * 1000 - 100), Flow::None);
        assert_eq!(bench.asked.len() as u64, asked);
        bench.now += ms(3_600_000);
        bench.run(ms(900), Flow::Out);
        assert_eq!(bench.died, [], "{asked}");
        assert_eq!(bench.asked.len() as u64, asked + 1);
        bench.answer();
        assert_eq!(bench.state(), R::Reachable);
        bench.now += ms(3_600_000);
        bench.tick();
        assert_eq!(bench.state(), R::Stale);
        assert_eq!(bench.died, []);
    }
}

#[test]
fn only_so_many_neighbours_are_watched_and_those_that_go_are_forgotten() {
    let mut detector = Detector::new(7);
    detector.set_locator(Some(OURS));
    let many = (0..1000).map(|number| Ipv4Addr::from_bits(ROUTER.to_bits() + number));
    detector.watch(START, &watched(many));
    assert_eq!(detector.poll(START).probes.len(), Detector::LIMIT);
    detector.watch(START, &watched([OTHER]));
    assert_eq!(detector.reachability(ROUTER), R::Unknown);
    assert_eq!(detector.reachability(OTHER), R::Probe);
    assert_eq!(detector.sampling(START), [OTHER]);
    assert!(detector.sampling(START + ms(100)).is_empty());
}

#[test]
fn traffic_is_looked_at_more_often_while_it_flows() {
    let mut detector = Detector::new(7);
    detector.set_locator(Some(OURS));
    detector.watch(START, &watched([ROUTER]));
    let looks = |detector: &mut Detector, from, sent| {
        let packets = Exchanged { sent, heard: 0 };
        detector.exchanged(from, ROUTER, packets);
        let moments = (0..10).map(|tenth| from + ms(100 * tenth));
        let looks = moments.filter(|now| !detector.sampling(*now).is_empty());
        looks.count()
    };
    assert_eq!(looks(&mut detector, START, 0), 2);
    assert_eq!(looks(&mut detector, START + ms(1000), 1), 5);
    assert_eq!(looks(&mut detector, START + ms(4000), 1), 2);
}

#[test]
fn without_an_address_of_ours_nothing_is_due() {
    let mut detector = Detector::new(7);
    detector.watch(START, &watched([ROUTER]));
    detector.sampling(START);
    assert_eq!(detector.poll(START), Due::default());
    let deadline = detector.next_deadline();
    assert!(
        deadline.is_some_and(|deadline| deadline > START),
        "it spins"
    );
}
