//! What no sequence of questions can exceed, and what honest hosts get all the same.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Hosts of 10.64.0.0/12 by number.
fn forged(number: u32) -> Ipv6Addr {
    let ipv4 = Ipv4Addr::from_bits(0x0a40_0000 | number & 0xf_ffff);
    link_local(Form::Local, ipv4.octets())
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(u8),
    Flood(u8),
    Wait(u16),
    Change(u8),
    Forward(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<u8>().prop_map(Step::Ask),
        2 => any::<u8>().prop_map(Step::Flood),
        4 => (0..4000_u16).prop_map(Step::Wait),
        1 => any::<u8>().prop_map(Step::Change),
        1 => any::<bool>().prop_map(Step::Forward),
    ]
}

/// What was sent, with the time of each message.
struct Log {
    router: Advertiser,
    now: Boottime,
    sent: Vec<(Boottime, Ipv6Addr)>,
}

impl Log {
    fn run(&mut self, step: Step, floods: &mut u32) {
        match step {
            Step::Ask(number) => {
                let _ = ask(
                    &mut self.router,
                    self.now,
                    host(number.into()),
                    ALL_ROUTERS.into(),
                );
            }
            Step::Flood(count) => {
                for _ in 0..u32::from(count) * 10 {
                    *floods += 1;
                    let _ = ask(
                        &mut self.router,
                        self.now,
                        forged(*floods),
                        ALL_ROUTERS.into(),
                    );
                }
            }
            Step::Change(hop_limit) => {
                let mut next = advertisement();
                next.rate = self.router.advertisement.rate;
                next.content.hop_limit = hop_limit;
                self.router.set_advertisement(self.now, next);
            }
            Step::Forward(forwarding) => self.router.set_forwarding(self.now, forwarding),
            Step::Wait(milliseconds) => self.wait(Duration::from_millis(milliseconds.into())),
        }
    }

    fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(deadline) = self.router.next_deadline()
            && deadline <= end
        {
            self.now = self.now.max(deadline);
            let adverts = self.router.poll(self.now);
            assert!(!adverts.is_empty(), "woken for nothing");
            self.sent
                .extend(adverts.iter().map(|advert| (self.now, advert.destination)));
        }
        self.now = end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Never more than the rate and one burst in any window, never two within 3 s for one host,
    /// and no more state than the limits say.
    #[test]
    fn no_sequence_exceeds_the_bounds(
        steps in prop::collection::vec(step(), 1..60),
        rate in prop_oneof![Just(1_u32), Just(100), Just(1000), Just(50_000)],
    ) {
        let router = Advertiser::new(vec![ROUTER.into()], Advertisement { rate, ..advertisement() }, 7);
        let mut log = Log { router, now: START, sent: Vec::new() };
        let mut floods = 0;
        for step in steps {
            log.run(step, &mut floods);
            prop_assert!(log.router.clients.iter().len() <= Clients::LIMIT);
            prop_assert!(log.router.waiting() <= Clients::LIMIT + Queue::STRANGERS);
        }
        log.wait(Duration::from_secs(1));
        let mut last = BTreeMap::new();
        for (at, to) in &log.sent {
            if let Some(before) = last.insert(*to, *at) {
                prop_assert!(at.saturating_sub(before) >= spacing::SPACING, "{to} at {at:?}");
            }
        }
        let burst = f64::from(rate) / 20.0 + 1.0;
        for (index, (start, _)) in log.sent.iter().enumerate().step_by(97) {
            for (count, (at, _)) in log.sent[index..].iter().enumerate().step_by(13) {
                let window = at.saturating_sub(*start).as_secs_f64();
                let most = window * f64::from(rate) + burst;
                let count = f64::from(u32::try_from(count).unwrap());
                prop_assert!(count < most + 1.0, "{count} in {window} s");
            }
        }
    }
}

/// A million forged sources, 25 000 questions a second for 20 s, until every table is full; a host
/// that was there before is answered as if there were none.
#[test]
fn a_host_that_was_there_before_is_answered_while_a_million_forged_ones_ask() {
    let mut router = advertiser();
    ask(&mut router, START, host(1), ALL_ROUTERS.into()).unwrap();
    assert_eq!(drain(&mut router, START).len(), 1);
    let flood = START + Duration::from_mins(1);
    let (mut number, mut answered) = (0_u32, Vec::new());
    for millisecond in 0..20_000_u32 {
        let now = flood + Duration::from_millis(millisecond.into());
        for _ in 0..25 {
            number += 1;
            let _ = ask(
                &mut router,
                now,
                forged(number.wrapping_mul(7919)),
                ALL_ROUTERS.into(),
            );
        }
        if millisecond % 4000 == 1000 {
            ask(&mut router, now, host(1), ALL_ROUTERS.into()).unwrap();
        }
        let adverts = router.poll(now);
        answered.extend(
            adverts
                .iter()
                .filter(|a| a.destination == host(1))
                .map(|_| millisecond),
        );
    }
    assert_eq!(answered.len(), 5);
    for (asked, answered) in (1000..).step_by(4000).zip(answered) {
        assert!(
            answered - asked <= 600,
            "asked at {asked}, answered at {answered}"
        );
    }
    assert!(router.waiting() <= Clients::LIMIT + Queue::STRANGERS);
    assert_eq!(router.clients.iter().len(), Clients::LIMIT);
    assert!(router.counters().full > 300_000);
}

/// An attacker whose network lets out only its own addresses stands in line behind itself.
#[test]
fn a_flood_from_one_network_delays_no_stranger_of_another() {
    let mut router = advertiser();
    for number in 0..60_000 {
        let _ = ask(
            &mut router,
            START,
            forged(number % 4096),
            ALL_ROUTERS.into(),
        );
    }
    let asked = START + Duration::from_secs(1);
    router.poll(asked);
    ask(&mut router, asked, host(1), ALL_ROUTERS.into()).unwrap();
    let sent = drain(&mut router, asked);
    let answer = sent
        .iter()
        .find(|(_, advert)| advert.destination == host(1))
        .unwrap();
    assert!(
        answer.0.saturating_sub(asked) < Duration::from_millis(600),
        "{:?}",
        answer.0
    );
}

/// When the line is full, a network that has more in it than others loses a place; where no one
/// has, the newcomer is refused.
#[test]
fn a_full_line_is_shared_by_the_networks() {
    let strangers = u16::try_from(Queue::STRANGERS).unwrap();
    let network = |number: u16| {
        let [high, low] = number.to_be_bytes();
        link_local(Form::Local, [10, high, low, 9])
    };
    let mut router = advertiser();
    for number in 0..strangers {
        ask(&mut router, START, network(number), ALL_ROUTERS.into()).unwrap();
    }
    for newcomer in [network(strangers), host(1)] {
        let refused = ask(&mut router, START, newcomer, ALL_ROUTERS.into());
        assert_eq!(refused, Err(Refusal::Full));
    }
    assert_eq!(router.counters().full, 2);
    let mut router = advertiser();
    for number in 0..strangers.into() {
        ask(&mut router, START, forged(number), ALL_ROUTERS.into()).unwrap();
    }
    assert_eq!(ask(&mut router, START, host(1), ALL_ROUTERS.into()), Ok(()));
    assert_eq!(router.waiting(), Queue::STRANGERS);
    let sent = drain(&mut router, START);
    let answered = |to| {
        sent.iter()
            .filter(|(_, advert)| advert.destination == to)
            .count()
    };
    assert_eq!(answered(host(1)), 1);
    assert_eq!(sent.len(), Queue::STRANGERS);
}
