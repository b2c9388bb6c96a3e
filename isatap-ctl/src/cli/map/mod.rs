//! `map`: the maps by meaning, read from the pins, whether a daemon runs or not.

mod contents;
mod entry;
mod hash;
mod key;
mod next_hops;
mod table;
mod trie;
mod value;

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::columns::Columns;
use super::pins::Pins;
use super::{Failure, Output};
use crate::control::SCHEMA;
use entry::Entry;
use table::Table;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Show every map with its size
    List,
    /// Show every entry of a map
    Dump {
        /// Name of the map
        #[arg(value_enum, ignore_case = true)]
        name: Table,
    },
    /// Show one entry of a map
    Get {
        /// Name of the map
        #[arg(value_enum, ignore_case = true)]
        name: Table,
        /// Key as `map dump` prints it, or an address that a prefix of the map covers
        key: String,
    },
}

#[derive(Serialize)]
struct ListDocument<'a> {
    schema: u32,
    interface: &'a str,
    maps: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    key: &'static str,
    value: &'static str,
    entries: Option<usize>,
    max: u32,
}

#[derive(Serialize)]
struct EntriesDocument<'a> {
    schema: u32,
    interface: &'a str,
    map: &'static str,
    entries: &'a [Entry],
}

pub(super) fn execute(
    options: &Options,
    interface: &str,
    output: &mut Output<'_>,
) -> Result<ExitCode> {
    let pins = Pins::of(interface)?;
    match &options.verb {
        Verb::List => list(&pins, interface, output)?,
        Verb::Dump { name } => {
            let entries = contents::all(*name, &pins)?;
            if output.json {
                document(*name, &entries, interface, output)?;
            } else {
                print_rows(&entries, output)?;
            }
        }
        Verb::Get { name, key } => {
            let entries = contents::get(*name, &pins, key)?;
            if entries.is_empty() {
                let message = format!("{} has no entry for {key}", name.name());
                return Err(Failure::failed(message).into());
            }
            if output.json {
                document(*name, &entries, interface, output)?;
            } else {
                print_fields(&entries, output)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(pins: &Pins, interface: &str, output: &mut Output<'_>) -> Result<()> {
    let maps: Vec<_> = Table::ALL
        .iter()
        .filter(|table| pins.has(table.name()))
        .map(|table| listed(*table, pins))
        .collect::<Result<_>>()?;
    if output.json {
        return output.document(&ListDocument {
            schema: SCHEMA,
            interface,
            maps,
        });
    }
    let mut columns = Columns::new(["name", "entries", "max", "key", "value"]);
    for map in maps {
        columns.row([
            map.name.to_owned(),
            map.entries.map(|n| n.to_string()).unwrap_or_default(),
            map.max.to_string(),
            map.key.to_owned(),
            map.value.to_owned(),
        ]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}

fn listed(table: Table, pins: &Pins) -> Result<Listed> {
    let entries = match table {
        Table::Events | Table::Uncached => None,
        _ => Some(contents::all(table, pins)?.len()),
    };
    Ok(Listed {
        name: table.name(),
        key: table.key(),
        value: table.value(),
        entries,
        max: table.max(pins)?,
    })
}

fn document(
    table: Table,
    entries: &[Entry],
    interface: &str,
    output: &mut Output<'_>,
) -> Result<()> {
    output.document(&EntriesDocument {
        schema: SCHEMA,
        interface,
        map: table.name(),
        entries,
    })
}

/// One entry a line.
fn print_rows(entries: &[Entry], output: &mut Output<'_>) -> Result<()> {
    let Some(first) = entries.first() else {
        return Ok(());
    };
    let mut columns = Columns::new(std::iter::once("key").chain(first.names()));
    for entry in entries {
        columns.row(std::iter::once(entry.key.clone()).chain(entry.texts()));
    }
    columns.print(output.to, output.style)?;
    Ok(())
}

/// One field a line.
fn print_fields(entries: &[Entry], output: &mut Output<'_>) -> Result<()> {
    for entry in entries {
        writeln!(output.to, "{}", output.style.bold(&entry.key))?;
        for (name, text) in entry.names().zip(entry.texts()) {
            let text = if text.is_empty() { "-" } else { &text };
            writeln!(output.to, "  {name:18} {text}")?;
        }
    }
    Ok(())
}
