//! Promises of RFC 4861 section 7.3, one at a time and in any course of events.

mod answers;
mod hints;
mod random;
mod states;

use std::collections::BTreeMap;

use isatap_common::abi::Reachability as R;

use super::*;

const OURS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 5);
const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const OTHER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const START: Boottime = Duration::from_secs(1000);

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn span(from: Boottime, to: Boottime) -> Duration {
    to.saturating_sub(from)
}

fn link_local(ipv4: Ipv4Addr) -> Ipv6Addr {
    addr::link_local(Form::Local, ipv4.octets()).into()
}

fn watched(ipv4: impl IntoIterator<Item = Ipv4Addr>) -> BTreeMap<Ipv4Addr, Ipv6Addr> {
    let neighbors = ipv4.into_iter();
    neighbors.map(|ipv4| (ipv4, link_local(ipv4))).collect()
}

/// An answer of `from`.
fn advert(from: Ipv4Addr) -> NeighborAdvert {
    NeighborAdvert {
        router: true,
        solicited: true,
        overrides: false,
        target: link_local(from),
    }
}

/// One that watches the router, whose traffic flows as told, and what it does about it.
struct Bench {
    detector: Detector,
    now: Boottime,
    packets: Exchanged,
    asked: Vec<Boottime>,
    died: Vec<Boottime>,
}

/// How packets flow, ten in a hundred milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Both,
    Out,
    In,
    None,
}

impl Bench {
    fn new() -> Self {
        let mut detector = Detector::new(7);
        detector.set_locator(Some(OURS));
        detector.watch(START, &watched([ROUTER]));
        Self {
            detector,
            now: START,
            packets: Exchanged::default(),
            asked: Vec::new(),
            died: Vec::new(),
        }
    }

    /// One that has answered the first question.
    fn reachable() -> Self {
        let mut bench = Self::new();
        bench.run(ms(100), Flow::None);
        assert_eq!(bench.asked, [START]);
        bench.answer();
        assert_eq!(bench.state(), R::Reachable);
        bench.asked.clear();
        bench
    }

    /// Time passes, a tenth of a second at a time. Programs account for what was sent once a second.
    fn run(&mut self, span: Duration, flow: Flow) {
        let end = self.now + span;
        while self.now < end {
            let tick = self.now.as_millis() / 100;
            if matches!(flow, Flow::Both | Flow::Out) && tick.is_multiple_of(10) {
                self.packets.sent += 100;
            }
            if matches!(flow, Flow::Both | Flow::In) {
                self.packets.heard += 10;
            }
            self.tick();
            self.now += ms(100);
        }
    }

    fn tick(&mut self) {
        for neighbor in self.detector.sampling(self.now) {
            self.detector.exchanged(self.now, neighbor, self.packets);
        }
        let due = self.detector.poll(self.now);
        for probe in due.probes {
            // A program counts it like any other packet.
            self.packets.sent += 1;
            self.detector.spoke(probe.destination);
            self.asked.push(self.now);
        }
        self.died.extend(due.died.iter().map(|_| self.now));
    }

    fn answer(&mut self) -> News {
        self.hear(&advert(ROUTER)).unwrap()
    }

    fn hear(&mut self, advert: &NeighborAdvert) -> Result<News, Refusal> {
        hear(&mut self.detector, self.now, link_local(ROUTER), advert)
    }

    fn state(&self) -> R {
        self.detector.reachability(ROUTER)
    }
}

fn hear(
    detector: &mut Detector,
    now: Boottime,
    source: Ipv6Addr,
    advert: &NeighborAdvert,
) -> Result<News, Refusal> {
    let destination = link_local(OURS);
    let received = Received {
        source,
        destination,
        hop_limit: Some(255),
        bytes: &advert.encode(source, destination),
    };
    detector.answered(now, &received)
}
