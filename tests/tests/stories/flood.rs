//! A million hosts that do not exist ask for advertisements.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use isatap_tests::bare::BareHost;
use isatap_tests::flood::{Flood, Sent};
use isatap_tests::pings::{Pings, start_ping};

use super::*;

/// Not routed in the site: answers to them end in the core.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 0);
const HOSTS: u32 = 1 << 20;
const ADVERTISEMENT: u8 = 134;
/// A host may be answered once in 3 s.
const AGAIN: Duration = Duration::from_secs(4);
/// How long it waits at most.
const GOAL: Duration = Duration::from_secs(3);
/// How long a thread sleeps that looks whether the machine has time for it.
const TICK: Duration = Duration::from_millis(10);

/// What happened while the flood ran.
#[derive(Debug)]
struct Seen {
    sent: Sent,
    /// Solicitations that the router's NIC handed to its programs, by what became of them there and
    /// in traffic control.
    counted: BTreeMap<String, u64>,
    /// From the beginning of the flood until `status` was read.
    took: Duration,
    /// How long the honest host waited each time, less the time in which the machine had none for anybody.
    waits: Vec<Duration>,
    pings: Pings,
    /// By which the daemon's memory grew, in KiB.
    grown: u64,
    status: serde_json::Value,
}

fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn mac(inside: &Inside, nic: &str) -> [u8; 6] {
    let shown = inside.run(&format!("ip -br link show {nic}")).unwrap();
    let text = shown
        .split_whitespace()
        .find(|word| word.contains(':'))
        .unwrap();
    let octets: Vec<u8> = text
        .split(':')
        .map(|hex| u8::from_str_radix(hex, 16).unwrap())
        .collect();
    octets.try_into().unwrap()
}

/// Asks, and how long it took until the answer.
fn wait(host: &mut BareHost) -> Duration {
    let start = Instant::now();
    host.solicit(ROUTER).unwrap();
    let answer = host.hear(ADVERTISEMENT, PATIENCE).unwrap();
    assert!(answer.is_some(), "no answer in {PATIENCE:?}");
    start.elapsed()
}

/// Adds up the microseconds for which this thread slept longer than it wanted.
fn watch(stalled: &AtomicU64, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        let start = Instant::now();
        thread::sleep(TICK);
        let late = start.elapsed().saturating_sub(TICK).as_micros();
        stalled.fetch_add(late as u64, Ordering::Relaxed);
    }
}

fn flooded(rate: u32, time: Duration) -> Seen {
    let mut lab = lab();
    let router = lab.start_router(Xdp::Auto).unwrap();
    router.stop().unwrap();
    router.hush();
    router.resume().unwrap();
    lab.start_host_b().unwrap();
    let device = lab.names.host_b_device();
    within(PATIENCE, || {
        let addresses = lab.site.host_b.global_addresses(device).ok()?;
        (!addresses.is_empty()).then_some(())
    })
    .unwrap();
    assert!(reaches(&lab.site.host_b, &SERVER.to_string()));
    let mut host = BareHost::new(&lab.site.host_a, HOST_A).unwrap();
    wait(&mut host);
    thread::sleep(AGAIN);
    let pid = lab.router().unwrap().pid().unwrap();
    let before = resident(pid);
    let counted = Stats::read(lab.router().unwrap()).unwrap();
    // Errors about each answer would use up those that the whole machine may send, other stories' included.
    let core = &lab.site.core;
    core.run(&format!("ip route add blackhole {FIRST}/12"))
        .unwrap();
    let flood = Flood::new(
        (&lab.site.core, "to-router"),
        (FIRST, HOSTS),
        (ROUTER, mac(&lab.site.router, "eth0")),
    )
    .unwrap();
    let log = lab.file("ping.log");
    let start = Instant::now();
    let ping = start_ping(&lab.site.host_b, SERVER, &log).unwrap();
    let (stalled, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let (sent, waits) = thread::scope(|scope| {
        scope.spawn(|| watch(&stalled, &is_over));
        let flooding = scope.spawn(|| flood.run(rate, time).unwrap());
        let end = Instant::now() + time;
        let mut waits = Vec::new();
        thread::sleep(Duration::from_millis(500));
        loop {
            let (start, before) = (Instant::now(), stalled.load(Ordering::Relaxed));
            let waited = wait(&mut host);
            let late = stalled.load(Ordering::Relaxed) - before;
            waits.push(waited.saturating_sub(Duration::from_micros(late)));
            if start + AGAIN + Duration::from_secs(1) > end {
                break;
            }
            thread::sleep(AGAIN.saturating_sub(start.elapsed()));
        }
        is_over.store(true, Ordering::Relaxed);
        (flooding.join().unwrap(), waits)
    });
    let pings = ping.end().unwrap();
    let status = lab.router().unwrap().json(&["status"]).unwrap();
    let mut status = status.get("advertising").unwrap().clone();
    status.as_object_mut().unwrap().remove("latest");
    let counted = Stats::read(lab.router().unwrap()).unwrap().since(&counted);
    Seen {
        sent,
        counted: counted.by_name(),
        took: start.elapsed(),
        waits,
        pings,
        grown: resident(pid).saturating_sub(before),
        status,
    }
}

fn judge(seen: &Seen) {
    println!("{:.0} a second: {seen:#?}", seen.sent.rate());
    assert!(
        seen.waits.iter().all(|wait| *wait <= GOAL),
        "{:?}",
        seen.waits
    );
    let of = |name: &str| seen.counted.get(name).copied().unwrap_or_default();
    // What is for the router itself XDP leaves to traffic control.
    let arrived = of("in xdp link_scope");
    let (passed, limited) = (of("in tc delivered"), of("in tc nd_limited"));
    assert!(
        passed + limited >= arrived,
        "{passed} and {limited} of {arrived}"
    );
    // What the queue of a busy machine loses does not matter, as long as far more comes than may pass.
    assert!(limited >= 2 * passed, "{passed} and {limited}");
    assert_eq!(seen.pings.lost(), 0, "{:?}", seen.pings);
    assert!(seen.grown < 10 << 10, "{} KiB", seen.grown);
    let number = |name: &str| seen.status.get(name).unwrap().as_u64().unwrap();
    let sent = u32::try_from(number("sent")).unwrap();
    // The rate, one burst of it, and the answers before the flood.
    let most = 1000.0 * (seen.took.as_secs_f64() + 0.05) + 3.0;
    assert!(f64::from(sent) < most, "{sent} advertisements");
}

#[test]
fn a_host_is_answered_while_a_million_forged_ones_ask() {
    judge(&flooded(10_000, Duration::from_secs(3)));
}

/// The goal in full, on a machine that has nothing else to do.
#[test]
#[ignore = "takes 40 s and both processors"]
fn a_host_is_answered_through_thirty_seconds_of_flood() {
    let seen = flooded(100_000, Duration::from_secs(30));
    judge(&seen);
    let arrived = seen.counted["in xdp link_scope"];
    let offered = u64::from(seen.sent.frames);
    assert!(arrived >= offered / 10 * 9, "{arrived} of {offered}");
    assert!(
        seen.sent.rate() > 99_000.0,
        "{:.0} a second",
        seen.sent.rate()
    );
}
