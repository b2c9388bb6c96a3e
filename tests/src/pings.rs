//! Pings, and what became of them.
//!
//! `ping` leaves a few milliseconds after it sent the last request, so that on a busy machine the last answers
//! come too late. These pings end when as many are answered as were wanted, and what was asked after the last of
//! those is none that is lost.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv6Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;

use crate::backlog;
use crate::interrupt;
use crate::ns::Inside;
use crate::process::Process;

/// How long answers are waited for, in seconds.
const PATIENCE: u32 = 20;
/// The same of pings in the background.
const LIMIT: Duration = Duration::from_secs(30);
/// So many are answered after all that is of interest.
const LAST: usize = 50;

/// How many echo requests were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pings {
    /// Requests.
    pub sent: u32,
    /// Answers.
    pub received: u32,
    /// Packets that the machine's own queues had no place for meanwhile, whosever they were.
    pub crowded_out: u32,
}

/// How many pings were lost, and the longest time between two answers.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    /// Requests without an answer, up to the last that has one; later ones may be on their way.
    pub lost: u32,
    /// As the pinging host saw it.
    pub time: Duration,
}

/// Pings in the background, until [`Pinging::end`].
#[derive(Debug)]
pub struct Pinging {
    process: Process,
    dropped: u64,
}

/// Pings an IPv4 or IPv6 address at an interval in seconds until `count` are answered, or an error comes, or
/// none does for long.
pub fn ping(from: &Inside, to: &str, count: u32, interval: f32) -> Result<Pings> {
    ping_as(from, &format!("-i {interval} {to}"), count)
}

/// The same with more words for `ping`.
pub fn ping_as(from: &Inside, words: &str, count: u32) -> Result<Pings> {
    let dropped = backlog::dropped()?;
    let output = from.output(&format!("ping -n -c {count} -w {PATIENCE} {words}"))?;
    let pings = Pings::of(&output.stdout, count, dropped);
    pings.with_context(|| format!("ping {words}: {}", output.stderr))
}

/// Pings where no answer is expected, and waits for none. How many came.
pub fn ping_in_vain(from: &Inside, to: &str, count: u32, interval: f32) -> Result<u32> {
    let output = from.output(&format!("ping -n -q -c {count} -i {interval} -W 1 {to}"))?;
    let pings = Pings::parse(&output.stdout);
    let pings = pings.with_context(|| format!("ping {to}: {}", output.stderr))?;
    Ok(pings.received)
}

/// Starts two hundred pings a second in the background, if the machine has time for so many.
pub fn start_ping(from: &Inside, to: Ipv6Addr, log: &Path) -> Result<Pinging> {
    Ok(Pinging {
        dropped: backlog::dropped()?,
        process: from.start(&format!("ping -n -D -i 0.005 {to}"), log)?,
    })
}

impl Pinging {
    /// Waits until so many more are answered.
    pub fn are_answered(&self, more: usize) -> Result<()> {
        let count = || answered(&self.process.printed()).len();
        let before = count();
        let found = interrupt::poll(LIMIT, || Ok((count() >= before + more).then_some(())))?;
        found.with_context(|| format!("{before} pings were answered, and not {more} more"))
    }

    /// What became of them. Those after the last that was answered may be on their way.
    pub fn end(mut self) -> Result<Pings> {
        self.are_answered(LAST)?;
        self.process.signal(Signal::SIGINT)?;
        let ended = self.process.wait(LIMIT)?;
        ended.context("ping does not end")?;
        Pings::of(&self.process.printed(), 1, self.dropped)
    }
}

impl Pings {
    /// Reads the closing lines of ping.
    pub fn parse(printed: &str) -> Result<Self> {
        let line = printed
            .lines()
            .find(|line| line.contains("packets transmitted"));
        let line = line.with_context(|| format!("no summary of ping in {printed:?}"))?;
        let number = |index| {
            line.split(',')
                .nth(index)?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        };
        let (sent, received) = number(0).zip(number(1)).with_context(|| line.to_string())?;
        Ok(Self {
            sent,
            received,
            crowded_out: 0,
        })
    }

    /// The same of one that was to wait for `count` answers, when so many packets had been dropped before.
    fn of(printed: &str, count: u32, dropped: u64) -> Result<Self> {
        let crowded_out = backlog::dropped()?.saturating_sub(dropped);
        Self::judge(printed, count, u32::try_from(crowded_out)?)
    }

    fn judge(printed: &str, count: u32, crowded_out: u32) -> Result<Self> {
        let mut pings = Self::parse(printed)?;
        if pings.received >= count {
            pings.sent = pings.received + missing(&answered(printed));
        }
        pings.crowded_out = crowded_out;
        Ok(pings)
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            received: self.received + other.received,
            crowded_out: self.crowded_out + other.crowded_out,
        }
    }

    /// Requests without an answer for which there is no excuse.
    pub fn lost(self) -> u32 {
        let unanswered = self.sent.saturating_sub(self.received);
        unanswered.saturating_sub(self.crowded_out)
    }
}

impl fmt::Display for Pings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, received, .. } = self;
        let lost = self.lost();
        write!(formatter, "{sent} sent, {received} answered, {lost} lost")
    }
}

impl Outage {
    /// Of what `ping -D` printed.
    pub fn parse(printed: &str) -> Result<Self> {
        // Errors have a line too.
        let answers = printed.lines().filter(|line| line.contains(" bytes from "));
        let stamps = answers.filter_map(|line| {
            let (stamp, _) = line.strip_prefix('[')?.split_once(']')?;
            stamp.parse().ok().map(Duration::from_secs_f64)
        });
        let stamps: Vec<_> = stamps.collect();
        let pairs = stamps.iter().zip(stamps.iter().skip(1));
        let gaps = pairs.map(|(one, next)| next.saturating_sub(*one));
        Ok(Self {
            lost: missing(&answered(printed)),
            time: gaps.max().context("ping has not two answers")?,
        })
    }
}

/// The numbers of the requests that are answered.
fn answered(printed: &str) -> BTreeSet<u32> {
    let answers = printed.lines().filter(|line| line.contains(" bytes from "));
    let number = |line: &str| {
        let (_, rest) = line.split_once("icmp_seq=")?;
        rest.split(' ').next()?.parse().ok()
    };
    answers.filter_map(number).collect()
}

/// How many are not, up to the last that is.
fn missing(answered: &BTreeSet<u32>) -> u32 {
    let last = answered.last().copied().unwrap_or_default();
    last.saturating_sub(u32::try_from(answered.len()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(answered: &[u32], sent: u32) -> String {
        let lines = answered.iter().map(|number| {
            format!("[{number}.5] 64 bytes from ::1: icmp_seq={number} ttl=64 time=0.03 ms\n")
        });
        let error = "From ::2 icmp_seq=3 Destination unreachable: No route\n";
        let received = answered.len();
        let end = format!("{sent} packets transmitted, {received} received, 0% packet loss\n");
        lines.collect::<String>() + error + &end
    }

    #[test]
    fn what_is_asked_after_the_last_answer_is_not_lost_and_what_is_asked_before_is() {
        let none = Pings::judge(&printed(&[1, 2, 3, 4, 5], 7), 5, 0).unwrap();
        assert_eq!((none.sent, none.lost()), (5, 0));
        let one = Pings::judge(&printed(&[1, 2, 4, 5, 6], 6), 5, 0).unwrap();
        assert_eq!((one.sent, one.lost()), (6, 1));
        let crowded_out = Pings::judge(&printed(&[1, 2, 4, 5, 6], 6), 5, 1).unwrap();
        assert_eq!(crowded_out.lost(), 0);
        let too_few = Pings::judge(&printed(&[1, 2], 7), 5, 0).unwrap();
        assert_eq!((too_few.sent, too_few.lost()), (7, 5));
    }

    #[test]
    fn an_outage_is_the_longest_time_between_two_answers() {
        let outage = Outage::parse(&printed(&[1, 2, 6, 7], 90)).unwrap();
        assert_eq!((outage.lost, outage.time), (3, Duration::from_secs(4)));
    }
}
