//! Packet captures.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;

use super::outcome::{Captured, Expectation, Must};
use crate::interrupt;
use crate::ns::Inside;
use crate::process::Process;

const START: Duration = Duration::from_secs(10);
/// Packets that are on their way into the file.
const TAIL: Duration = Duration::from_millis(300);
const STOP: Duration = Duration::from_secs(10);

/// A capture under way on one device.
#[derive(Debug)]
pub struct Capture {
    process: Option<Process>,
    file: PathBuf,
    expectations: Vec<Expectation>,
}

impl Capture {
    /// Starts; returns once packets are seen.
    pub fn start(inside: &Inside, device: &str, directory: &Path, number: usize) -> Result<Self> {
        let file = directory.join(format!("{number}-{device}.pcap"));
        let log = file.with_extension("log");
        let words = format!(
            "tcpdump -Z root -n -U --immediate-mode -i {device} -w {}",
            file.display()
        );
        let process = inside.start(&words, &log)?;
        interrupt::poll(START, || {
            Ok(process.printed().contains("listening on").then_some(()))
        })?
        .with_context(|| format!("no capture on {device}: {}", process.printed()))?;
        let mut capture = Self {
            process: Some(process),
            file,
            expectations: Vec::new(),
        };
        // An ICMPv4 error quotes the beginning of a packet.
        capture.never_sees("no packet is malformed", "_ws.malformed && !icmp");
        let broken = "ip.checksum.status == 0 || icmpv6.checksum.status == 0";
        capture.never_sees("every checksum is right", broken);
        Ok(capture)
    }

    /// At least so many packets must match a display filter of Wireshark, and at most so many.
    pub fn expect(&mut self, says: &str, filter: &str, least: u64, most: Option<u64>) {
        self.add(says, filter, Must::Count { least, most });
    }

    /// At least one packet must match.
    pub fn sees(&mut self, says: &str, filter: &str) {
        self.expect(says, filter, 1, None);
    }

    /// No packet may match.
    pub fn never_sees(&mut self, says: &str, filter: &str) {
        self.expect(says, filter, 0, Some(0));
    }

    /// The packets that match must be these, octet by octet (see [`Must::Be`]).
    pub fn sees_exactly(&mut self, says: &str, filter: &str, expressions: &[String]) {
        let expressions = expressions.to_vec();
        self.add(says, filter, Must::Be { expressions });
    }

    /// Packets that the case breaks on purpose are free from what was expected of every packet so far.
    pub fn excuses(&mut self, broken: &str) {
        for expectation in &mut self.expectations {
            expectation.filter = format!("({}) && !({broken})", expectation.filter);
        }
    }

    fn add(&mut self, says: &str, filter: &str, must: Must) {
        self.expectations.push(Expectation {
            says: says.to_owned(),
            filter: filter.to_owned(),
            must,
        });
    }

    /// Ends the capture.
    pub fn finish(mut self) -> Result<Captured> {
        interrupt::sleep(TAIL)?;
        if let Some(process) = self.process.take() {
            let ended = process.stop(Signal::SIGINT, STOP)?;
            ensure!(ended, "tcpdump of {} does not end", self.file.display());
        }
        let name = self.file.file_name().unwrap_or_default();
        Ok(Captured {
            file: name.to_string_lossy().into_owned(),
            expectations: self.expectations,
        })
    }
}
