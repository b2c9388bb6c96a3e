use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::ExitCode;

use anyhow::Result;
use ipnet::Ipv6Net;
use isatap_common::addr::{self, Form};
use serde::Serialize;

use super::columns::Columns;
use super::{Failure, Output, exit};
use crate::control::SCHEMA;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// IPv4 address to embed, or IPv6 address to look into
    address: IpAddr,
    /// Prefix of the link, besides the link-local one
    #[arg(long, value_name = "PREFIX", value_parser = prefix)]
    prefix: Option<Ipv6Net>,
}

/// The ISATAP addresses of an IPv4 address.
#[derive(Serialize)]
struct Embedding {
    schema: u32,
    ipv4: Ipv4Addr,
    globally_unique: bool,
    addresses: Vec<IsatapAddress>,
}

#[derive(Serialize)]
struct IsatapAddress {
    address: Ipv6Addr,
    prefix: Ipv6Net,
    form: &'static str,
    canonical: bool,
}

/// What an IPv6 address embeds.
#[derive(Serialize)]
struct Embedded {
    schema: u32,
    address: Ipv6Addr,
    isatap: bool,
    prefix: Option<Ipv6Net>,
    ipv4: Option<Ipv4Addr>,
    form: Option<&'static str>,
    canonical: Option<bool>,
}

pub(super) fn execute(options: &Options, output: &mut Output<'_>) -> Result<ExitCode> {
    match options.address {
        IpAddr::V4(ipv4) => embed(ipv4, options.prefix, output),
        IpAddr::V6(_) if options.prefix.is_some() => {
            Err(Failure::usage("--prefix goes with an IPv4 address").into())
        }
        IpAddr::V6(ipv6) => look_into(ipv6, output),
    }
}

fn prefix(text: &str) -> Result<Ipv6Net, String> {
    let prefix: Ipv6Net = text
        .parse()
        .map_err(|_| "expected an IPv6 prefix".to_owned())?;
    if prefix.prefix_len() != 64 || prefix != prefix.trunc() {
        return Err("expected a /64 without bits behind it".to_owned());
    }
    Ok(prefix)
}

fn embed(ipv4: Ipv4Addr, prefix: Option<Ipv6Net>, output: &mut Output<'_>) -> Result<ExitCode> {
    if addr::is_martian_ipv4(ipv4.octets()) {
        let message = format!("{ipv4} can never be the address of one node");
        return Err(Failure::failed(message).into());
    }
    let embedding = Embedding {
        schema: SCHEMA,
        ipv4,
        globally_unique: addr::is_globally_unique(ipv4.octets()),
        addresses: std::iter::once(net64(addr::LINK_LOCAL_64))
            .chain(prefix)
            .flat_map(|prefix| Form::ALL.map(|form| isatap_address(prefix, form, ipv4)))
            .collect(),
    };
    if output.json {
        output.document(&embedding)?;
    } else {
        print_embedding(&embedding, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn isatap_address(prefix: Ipv6Net, form: Form, ipv4: Ipv4Addr) -> IsatapAddress {
    let high = addr::prefix64(&prefix.addr().octets());
    IsatapAddress {
        address: addr::address(high, form, ipv4.octets()).into(),
        prefix,
        form: name(form),
        canonical: form == Form::of(ipv4.octets()),
    }
}

fn print_embedding(embedding: &Embedding, output: &mut Output<'_>) -> Result<()> {
    let mut columns = Columns::new(["address", "prefix", "u bit", ""]);
    for address in &embedding.addresses {
        let mark = if address.canonical { "canonical" } else { " " };
        columns.row([
            address.address.to_string(),
            address.prefix.to_string(),
            address.form.to_owned(),
            mark.to_owned(),
        ]);
    }
    columns.print(output.to, output.style)?;
    Ok(())
}

fn look_into(address: Ipv6Addr, output: &mut Output<'_>) -> Result<ExitCode> {
    let embedded = embedded(address);
    if output.json {
        output.document(&embedded)?;
    } else if let (Some(ipv4), Some(form)) = (embedded.ipv4, embedded.form) {
        let canonical = if embedded.canonical == Some(true) {
            ", canonical"
        } else {
            ""
        };
        writeln!(
            output.to,
            "{address}: ISATAP address of {ipv4}, u bit {form}{canonical}"
        )?;
    } else {
        writeln!(output.to, "{address}: not an ISATAP address")?;
    }
    Ok(ExitCode::from(if embedded.isatap {
        0
    } else {
        exit::FAILED
    }))
}

fn embedded(address: Ipv6Addr) -> Embedded {
    let octets = address.octets();
    let ipv4 = addr::embedded(&octets).filter(|_| !addr::is_multicast(&octets));
    let high = addr::prefix64(&octets);
    let form = ipv4.and_then(|ipv4| {
        let is = |form: &Form| addr::address(high, *form, ipv4) == octets;
        Form::ALL.into_iter().find(is)
    });
    Embedded {
        schema: SCHEMA,
        address,
        isatap: ipv4.is_some(),
        prefix: ipv4.map(|_| net64(high)),
        ipv4: ipv4.map(Ipv4Addr::from),
        form: form.map(name),
        canonical: ipv4.map(|ipv4| form == Some(Form::of(ipv4))),
    }
}

fn net64(high: [u8; 8]) -> Ipv6Net {
    let high = u128::from(u64::from_be_bytes(high)) << 64;
    Ipv6Net::new_assert(high.into(), 64)
}

const fn name(form: Form) -> &'static str {
    match form {
        Form::Local => "local",
        Form::Global => "global",
    }
}
