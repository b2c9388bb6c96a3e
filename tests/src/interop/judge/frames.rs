//! Packets octet by octet, built by scapy.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::wireshark;
use crate::exec;

/// Debian's own interpreter: the one that has Debian's scapy.
const PYTHON: &str = "/usr/bin/python3";
const PROGRAM: &str = include_str!("frames.py");

/// What differs between the packets that match and those that scapy builds, if anything does.
pub fn compare(file: &Path, filter: &str, expressions: &[String]) -> Result<Option<String>> {
    let selected = file.with_extension("selected.pcap");
    wireshark::select(file, filter, &selected)?;
    let mut scapy = Command::new(PYTHON);
    scapy.args(["-c", PROGRAM]).arg(&selected).args(expressions);
    let output = exec::output(&mut scapy)?;
    match output.code {
        Some(0) => Ok(None),
        Some(1) => Ok(Some(output.stdout.trim_end().to_owned())),
        _ => bail!("scapy: {}{}", output.stdout, output.stderr),
    }
}
