//! Two processors, each with a way of its own through the same router.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

use super::outcome::{Outcome, Part};
use super::pair::Pair;
use super::processor;
use super::way::{Label, Taken};
use crate::bench::case::Router;
use crate::bench::lane::{Lane, Pace, Sample};
use crate::bench::sink::Kind;
use crate::interrupt;

/// Far more than it takes to fill caches.
const PATIENCE: Duration = Duration::from_secs(10);

/// One router.
pub struct Cores<'pair> {
    one: Label,
    two: Label,
    lanes: [Lane; 2],
    routers: [Router<'pair>; 2],
}

/// Our router, and redirecting only.
pub fn all<'pair>(bare: &'pair Pair, ours: &'pair Pair) -> Result<[Cores<'pair>; 2]> {
    let label = |name, title, control| Label {
        part: Part::Cores,
        name,
        title,
        control,
        at: 0,
    };
    let [first, second] = &bare.lanes;
    let [native, other] = bare.ways_out()?;
    let routers = [
        Router::redirect(&first.router, &native)?,
        Router::redirect(&second.router, &other)?,
    ];
    let daemon = ours.bed.daemon()?;
    Ok([
        Cores {
            one: label(
                "redirect-one",
                "bare redirect, one processor",
                "redirect-one",
            ),
            two: label(
                "redirect-two",
                "bare redirect, two processors",
                "redirect-one",
            ),
            lanes: bare.lanes.clone().map(Lane::unchanged),
            routers,
        },
        Cores {
            one: label(
                "decap-one",
                "ours, decapsulation, one processor",
                "decap-one",
            ),
            two: label(
                "decap-two",
                "ours, decapsulation, two processors",
                "decap-one",
            ),
            lanes: ours.lanes.clone(),
            routers: [Router::Ours(daemon), Router::Ours(daemon)],
        },
    ])
}

impl Cores<'_> {
    /// Either processor with the other one idle, then both at once.
    pub fn measure(&self, packets: u32, outcome: &mut Outcome) -> Result<()> {
        let [first, second] = &self.routers;
        let _attached = [first.attach()?, second.attach()?];
        let [one, two] = &self.lanes;
        let go = || Ok(());
        let apart = || Ok([run(0, one, packets, &go)?, run(1, two, packets, &go)?]);
        let alone = Taken::whole(|| self.take(apart))?;
        let both = Taken::whole(|| self.take(|| at_once([one, two], packets)))?;
        tell(self.one, alone, 2.0, outcome)?;
        tell(self.two, both, 1.0, outcome)
    }

    fn take(&self, samples: impl FnOnce() -> Result<[Sample; 2]>) -> Result<Taken> {
        let [router, _] = &self.routers;
        let before = router.stats()?;
        let samples = samples()?.to_vec();
        Ok(Taken::of(samples, &router.stats()?.since(&before)))
    }
}

fn run(
    processor: usize,
    lane: &Lane,
    packets: u32,
    begin: &(dyn Fn() -> Result<()> + Sync),
) -> Result<Sample> {
    processor::on(processor, || {
        let pace = Pace {
            begin,
            ..Pace::of(packets)
        };
        lane.run_at(Kind::Xdp, &pace)
    })
}

/// Both begin when both are ready.
fn at_once(lanes: [&Lane; 2], packets: u32) -> Result<[Sample; 2]> {
    let ready = AtomicUsize::new(0);
    let begin = || meet(&ready);
    let [one, two] = lanes;
    thread::scope(|scope| {
        let other = scope.spawn(|| run(1, two, packets, &begin));
        let one = run(0, one, packets, &begin);
        let two = other
            .join()
            .map_err(|_| anyhow!("a processor's thread panicked"))?;
        Ok([one?, two?])
    })
}

fn meet(ready: &AtomicUsize) -> Result<()> {
    ready.fetch_add(1, Ordering::SeqCst);
    let start = Instant::now();
    while ready.load(Ordering::SeqCst) < 2 {
        interrupt::check()?;
        ensure!(start.elapsed() < PATIENCE, "the other processor never came");
    }
    Ok(())
}

/// Millions of packets a second, together or of each of several.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
fn tell(label: Label, taken: Taken, of: f64, outcome: &mut Outcome) -> Result<()> {
    let rates = taken.samples.iter().map(|sample| 1e3 / sample.cost as f64);
    let rate: f64 = rates.sum();
    label.tell(rate / of, outcome)?.count(taken);
    Ok(())
}
