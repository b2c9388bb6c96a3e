use isatap_common::nd::{NeighborAdvert, NeighborSolicit};

use super::*;

const OURS: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
const PEER: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 2);
const START: Boottime = Duration::from_secs(1000);

const fn secs(seconds: u64) -> Boottime {
    Duration::from_secs(seconds)
}

fn link_local(form: Form, ipv4: Ipv4Addr) -> Ipv6Addr {
    addr::link_local(form, ipv4.octets()).into()
}

fn correspondents() -> Correspondents {
    let mut all = Correspondents::new(7);
    all.configure(Some(OURS), Timing::default());
    all
}

/// A second passes in which packets went to the peer; the last came from it at `heard`.
fn second(all: &mut Correspondents, now: Boottime, heard: Boottime) -> Due {
    let seen = Seen {
        peer: PEER,
        last_sent: now,
        last_heard: heard,
    };
    assert!(all.is_due(now));
    all.look(now, &[seen]);
    all.poll(now)
}

fn answer(all: &mut Correspondents, now: Boottime, form: Form) -> Result<News, Refusal> {
    let (source, destination) = (link_local(form, PEER), link_local(Form::Local, OURS));
    let advert = NeighborAdvert {
        router: false,
        solicited: true,
        overrides: false,
        target: source,
    };
    all.answered(
        now,
        &Received {
            source,
            destination,
            hop_limit: Some(255),
            bytes: &advert.encode(source, destination),
        },
    )
}

#[test]
fn who_is_heard_is_never_asked() {
    let mut all = correspondents();
    for now in (0..600).map(|second| START + secs(second)) {
        assert_eq!(second(&mut all, now, now), Due::default());
    }
    assert_eq!(all.reachability(PEER), Reachability::Unknown);
}

#[test]
fn who_is_silent_is_asked_at_both_addresses_three_times_and_given_up() {
    let mut all = correspondents();
    let heard = START.checked_sub(secs(100)).unwrap();
    let mut asked = Vec::new();
    let died = (0..20).find(|passed| {
        let due = second(&mut all, START + secs(*passed), heard);
        if !due.probes.is_empty() {
            asked.push(*passed);
            let targets = due.probes.iter().map(|probe| probe.destination);
            let both = [Form::Local, Form::Global].map(|form| link_local(form, PEER));
            assert!(targets.eq(both));
            for probe in &due.probes {
                let target = probe.destination;
                let expected = NeighborSolicit { target }.encode(probe.source, target);
                assert_eq!(probe.bytes, expected);
            }
        }
        due.died == [PEER]
    });
    assert_eq!((asked, died), (vec![3, 4, 5], Some(6)));
}

#[test]
fn an_answer_at_either_address_holds_for_the_reachable_time() {
    for form in Form::ALL {
        let mut all = correspondents();
        let mut asked = Vec::new();
        for passed in 0..200 {
            let now = START + secs(passed);
            let due = second(&mut all, now, Boottime::ZERO);
            assert!(due.died.is_empty());
            if due.probes.is_empty() {
                continue;
            }
            let is_first = asked.is_empty();
            assert_eq!(due.probes.len(), if is_first { 2 } else { 1 });
            asked.push(passed);
            answer(&mut all, now, form).unwrap();
            assert_eq!(all.reachability(PEER), Reachability::Reachable);
        }
        let pauses = asked.iter().zip(asked.iter().skip(1));
        for pause in pauses.map(|(one, next)| next - one) {
            assert!((15..=46).contains(&pause), "{asked:?}");
        }
        assert!(asked.len() > 3, "{asked:?}");
    }
}

#[test]
fn nobody_is_asked_to_whom_nothing_is_sent_and_few_at_once() {
    let mut all = correspondents();
    let accounts = |count: u32, last_sent| -> Vec<_> {
        let peers = (0..count).map(|number| Ipv4Addr::from_bits(PEER.to_bits() + number));
        let seen = peers.map(|peer| Seen {
            peer,
            last_sent,
            last_heard: Boottime::ZERO,
        });
        seen.collect()
    };
    for now in (0..20).map(|second| START + secs(second)) {
        let heard = START.checked_sub(IN_USE).unwrap();
        all.look(now, &accounts(9, heard));
        assert_eq!(all.poll(now), Due::default());
    }
    let now = START + secs(100);
    all.look(now, &accounts(5000, now));
    let rested = now + secs(5);
    assert_eq!(
        all.next_deadline(),
        rested,
        "a millisecond for each account"
    );
    all.look(rested, &accounts(5000, rested));
    assert_eq!(all.poll(rested).probes.len(), 2 * Detector::LIMIT);
}

#[test]
fn answers_that_nobody_asked_for_are_refused() {
    let mut all = correspondents();
    second(&mut all, START, START);
    let refused = answer(&mut all, START, Form::Local);
    assert_eq!(refused, Err(Refusal::NoEntry));
}
