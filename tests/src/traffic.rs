//! TCP transfers.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::interrupt;
use crate::ns::Inside;

/// How long the two ends wait for each other.
const PATIENCE: Duration = Duration::from_secs(20);

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
        "iperf3 --client {address} {amount} --connect-timeout {} --json{reverse}{affinity}",
        PATIENCE.as_millis()
    );
    // The server needs a moment until it listens.
    let rate = interrupt::poll(PATIENCE, || {
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

/// A rate for people.
pub fn gigabits(rate: f64) -> String {
    format!("{:.2} Gbit/s", rate / 1e9)
}
