//! Where packets end and are counted.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::device::Device;
use crate::bpf::program::Attached;
use crate::bpf::{Counter, Program};

/// Where the classifier is pinned while it is attached.
const PIN: &str = "/sys/fs/bpf/isatap-bench-sink";

/// Before every other classifier.
const PLACE: u8 = 1;

/// Two ways to end a packet. The first is the cheaper one for frames, the second for packets that
/// the stack sent, which a NIC with an XDP program would have to copy.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An XDP program.
    Xdp,
    /// A classifier, on a NIC that gathers nothing.
    Tc,
}

/// A sink in place.
#[derive(Debug)]
pub struct Sink {
    counter: Counter,
    device: Device,
    attached: Option<Attached>,
    /// Whether the place for classifiers was made for this one.
    is_first: bool,
}

impl Sink {
    /// Puts it on a NIC, for frames with `mark` at `at`: others come by as well.
    pub fn put(kind: Kind, device: &Device, mark: [u8; 4], at: i16) -> Result<Self> {
        let mut sink = Self {
            counter: Counter::new()?,
            device: device.clone(),
            attached: None,
            is_first: false,
        };
        match kind {
            Kind::Xdp => {
                let program = Program::xdp_sink(&sink.counter, mark, at)?;
                let attached = device.inside.enter(|| program.attach(device.ifindex));
                sink.attached = Some(attached.with_context(|| device.name.clone())?);
            }
            Kind::Tc => sink.classify(&Program::tc_sink(&sink.counter, mark, at)?)?,
        }
        Ok(sink)
    }

    /// How many packets ended here.
    pub fn count(&self) -> Result<u64> {
        self.counter.read()
    }

    fn classify(&mut self, program: &Program) -> Result<()> {
        let Device { inside, name, .. } = &self.device;
        let there = inside.run(&format!("tc qdisc show dev {name} clsact"))?;
        self.is_first = there.trim().is_empty();
        if self.is_first {
            inside.run(&format!("tc qdisc add dev {name} clsact"))?;
        }
        program.pin(Path::new(PIN))?;
        let added = inside.run(&format!(
            "tc filter add dev {name} ingress pref {PLACE} bpf direct-action object-pinned {PIN}"
        ));
        fs::remove_file(PIN).context(PIN)?;
        added.map(drop)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if self.attached.is_none() {
            let Device { inside, name, .. } = &self.device;
            let placed = if self.is_first {
                format!("tc qdisc del dev {name} clsact")
            } else {
                format!("tc filter del dev {name} ingress pref {PLACE}")
            };
            // One that was not put in place has nothing to remove.
            let _ = inside.run(&placed);
        }
    }
}
