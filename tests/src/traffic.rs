//! Pings and TCP transfers.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::interrupt;
use crate::ns::Inside;
use crate::process::Process;

/// How many echo requests were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pings {
    /// Requests.
    pub sent: u32,
    /// Answers.
    pub received: u32,
}

/// How many pings were lost, and the longest time between two answers.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    /// Requests without an answer.
    pub lost: u32,
    /// As the pinging host saw it.
    pub time: Duration,
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
            lost: Pings::parse(printed)?.lost(),
            time: gaps.max().context("ping has not two answers")?,
        })
    }
}

/// Which way a transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Upload,
    /// From the server to the client.
    Download,
}

/// How much is transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// As much as goes in so many seconds.
    Seconds(u32),
    /// So many octets.
    Octets(u32),
}

/// Pings an IPv4 or IPv6 address a number of times at an interval in seconds.
pub fn ping(from: &Inside, to: &str, count: u32, interval: f32) -> Result<Pings> {
    let output = from.output(&format!("ping -n -q -c {count} -i {interval} -W 1 {to}"))?;
    Pings::parse(&output.stdout).with_context(|| format!("ping {to}: {}", output.stderr))
}

/// Starts a ping in the background; [`Pings::parse`] reads what it printed at its end.
pub fn start_ping(from: &Inside, to: Ipv6Addr, count: u32, log: &Path) -> Result<Process> {
    from.start(&format!("ping -n -q -c {count} -i 0.01 -W 1 {to}"), log)
}

/// Transfers over one TCP connection; bits per second at the receiver.
pub fn tcp(
    client: &Inside,
    server: &Inside,
    address: &str,
    way: Way,
    amount: Amount,
    log: &Path,
) -> Result<f64> {
    transfer((client, ""), server, address, way, amount, log)
}

/// The same with the client on the first processor and the server on the second.
pub fn tcp_apart(
    client: &Inside,
    server: &Inside,
    address: &str,
    way: Way,
    amount: Amount,
    log: &Path,
) -> Result<f64> {
    transfer(
        (client, " --affinity 0,1"),
        server,
        address,
        way,
        amount,
        log,
    )
}

fn transfer(
    (client, affinity): (&Inside, &str),
    server: &Inside,
    address: &str,
    way: Way,
    amount: Amount,
    log: &Path,
) -> Result<f64> {
    let _listening = server.start("iperf3 --server --one-off", log)?;
    let reverse = if way == Way::Download {
        " --reverse"
    } else {
        ""
    };
    let amount = match amount {
        Amount::Seconds(seconds) => format!("--time {seconds}"),
        Amount::Octets(octets) => format!("--bytes {octets}"),
    };
    let words = format!(
        "iperf3 --client {address} {amount} --connect-timeout 3000 --json{reverse}{affinity}"
    );
    // The server needs a moment until it listens.
    let rate = interrupt::poll(Duration::from_secs(3), || {
        let report: Value = serde_json::from_str(&client.output(&words)?.stdout)?;
        match report.get("error").and_then(Value::as_str) {
            Some(error) if error.contains("refused") => Ok(None),
            Some(error) => bail!("iperf3 to {address}: {error}"),
            None => Ok(report
                .pointer("/end/sum_received/bits_per_second")
                .and_then(Value::as_f64)),
        }
    })?;
    rate.with_context(|| format!("no iperf3 server at {address}"))
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
        Ok(Self { sent, received })
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            received: self.received + other.received,
        }
    }

    /// Requests without an answer.
    pub fn lost(self) -> u32 {
        self.sent.saturating_sub(self.received)
    }
}

impl fmt::Display for Pings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} sent, {} answered, {} lost",
            self.sent,
            self.received,
            self.lost()
        )
    }
}

/// A rate for people.
pub fn gigabits(rate: f64) -> String {
    format!("{:.2} Gbit/s", rate / 1e9)
}
