use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::Output;
use super::columns::Columns;
use super::counters::{self, Counted};
use super::pins::Pins;
use crate::control::{Count, LayerTotals, SCHEMA};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Repeat every SECS seconds
    #[arg(long, value_name = "SECS", num_args = 0..=1, default_missing_value = "1",
          value_parser = interval)]
    watch: Option<Duration>,
    /// Show every reason that occurred, in words
    #[arg(long)]
    reasons: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    interface: &'a str,
    layers: &'a [Counted],
}

pub(super) fn execute(
    options: &Options,
    interface: &str,
    output: &mut Output<'_>,
) -> Result<ExitCode> {
    loop {
        let pins = Pins::of(interface)?;
        show(options, interface, &counters::read(&pins)?, output)?;
        output.to.flush()?;
        match options.watch {
            Some(interval) => std::thread::sleep(interval),
            None => return Ok(ExitCode::SUCCESS),
        }
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|interval| !interval.is_zero())
        .ok_or_else(|| "expected seconds above zero".to_owned())
}

fn show(
    options: &Options,
    interface: &str,
    layers: &[Counted],
    output: &mut Output<'_>,
) -> Result<()> {
    let document = Document {
        schema: SCHEMA,
        interface,
        layers,
    };
    if output.json && options.watch.is_some() {
        writeln!(output.to, "{}", serde_json::to_string(&document)?)?;
        return Ok(());
    }
    if output.json {
        return output.document(&document);
    }
    if options.watch.is_some() {
        let clear = output.terminal;
        write!(output.to, "{}", if clear { "\x1b[H\x1b[2J" } else { "\n" })?;
    }
    print_totals(&counters::totals(layers), output)?;
    if options.reasons {
        reasons(layers, output)?;
    }
    Ok(())
}

/// Packets and bytes of each direction and layer.
pub(super) fn print_totals(totals: &[LayerTotals], output: &mut Output<'_>) -> Result<()> {
    let mut columns = Columns::new(["direction", "layer", "forwarded", "passed", "dropped"]);
    for total in totals {
        columns.row([
            total.direction.clone(),
            total.layer.clone(),
            count(total.forwarded),
            count(total.passed),
            count(total.dropped),
        ]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}

fn count(count: Count) -> String {
    format!("{} ({})", count.packets, count.bytes)
}

fn reasons(layers: &[Counted], output: &mut Output<'_>) -> Result<()> {
    writeln!(output.to)?;
    let mut columns = Columns::new([
        "direction",
        "layer",
        "verdict",
        "reason",
        "packets",
        "bytes",
        "meaning",
    ]);
    for counted in layers {
        columns.row([
            counted.direction.to_owned(),
            counted.layer.to_owned(),
            counted.verdict.to_owned(),
            counted.reason.to_owned(),
            counted.packets.to_string(),
            counted.bytes.to_string(),
            counted.text.to_owned(),
        ]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}
