use std::net::Ipv4Addr;
use std::process::ExitCode;

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use super::columns::Columns;
use super::pins::Pins;
use super::{Failure, Output, status, words};
use crate::control::{self, PrlDocument, PrlStatus, Request, SCHEMA};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Show every router with what is known about it
    List,
    /// Add a router, until the daemon restarts or with --save for good
    Add(Change),
    /// Remove a router, until the daemon restarts or with --save for good
    Del(Change),
}

#[derive(Debug, clap::Args)]
struct Change {
    /// IPv4 address of the router
    ipv4: Ipv4Addr,
    /// Write it to the configuration file too
    #[arg(long)]
    save: bool,
}

pub(super) fn execute(
    options: &Options,
    interface: &str,
    output: &mut Output<'_>,
) -> Result<ExitCode> {
    match &options.verb {
        Verb::List => list(interface, output),
        Verb::Add(Change { ipv4, save }) => {
            let (ipv4, save) = (*ipv4, *save);
            tell(interface, &Request::PrlAdd { ipv4, save }, output)
        }
        Verb::Del(Change { ipv4, save }) => {
            let (ipv4, save) = (*ipv4, *save);
            tell(interface, &Request::PrlDel { ipv4, save }, output)
        }
    }
}

fn list(interface: &str, output: &mut Output<'_>) -> Result<ExitCode> {
    let document = match control::ask(interface, &Request::PrlList)? {
        Some(document) => document,
        None => PrlDocument {
            schema: SCHEMA,
            interface: interface.to_owned(),
            prl: status::pinned::prl(&Pins::of(interface)?)?,
        },
    };
    if output.json {
        output.document(&document)?;
    } else {
        print(&document.prl, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The whole list, one router a line.
pub(super) fn print(list: &[PrlStatus], output: &mut Output<'_>) -> Result<()> {
    let mut columns = Columns::new([
        "router",
        "source",
        "ttl",
        "last ra",
        "lifetime",
        "preference",
        "reachability",
    ]);
    for entry in list {
        columns.row([
            entry.ipv4.to_string(),
            entry.sources.join(","),
            words::left(entry.ttl_seconds),
            words::seconds(entry.last_ra_seconds),
            words::seconds(entry.lifetime_left),
            words::preference_name(entry.preference).to_owned(),
            entry.reachability.clone(),
        ]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}

/// An answer without a document.
#[derive(Deserialize)]
struct Done {}

fn tell(interface: &str, request: &Request, output: &mut Output<'_>) -> Result<ExitCode> {
    let Some(Done {}) = control::ask(interface, request)? else {
        return Err(no_daemon(interface));
    };
    if output.json {
        output.document(&json!({ "schema": SCHEMA, "interface": interface, "ok": true }))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Maps without a daemon forward packets but take no commands.
fn no_daemon(interface: &str) -> anyhow::Error {
    match Pins::of(interface) {
        Ok(_) => Failure::failed(format!("{interface}: the daemon is not running"))
            .hint("start it with `isatap-ctl run`")
            .into(),
        Err(error) => error,
    }
}
