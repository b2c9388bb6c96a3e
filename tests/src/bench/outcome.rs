//! What a machine brings out, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::entrance::Entrance;
pub use super::sink::Kind;
use crate::interop::outcome::Program;

/// The file in the results directory.
pub const FILE: &str = "bench.json";

/// Everything of one boot.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Outcome {
    /// Version of this document's shape.
    pub schema: u32,
    /// Where it was measured.
    pub surroundings: Surroundings,
    /// Packets in each run.
    pub packets: u32,
    /// The cases.
    pub cases: Vec<Case>,
    /// A host's packet decapsulated in XDP beside ever longer lists of routers.
    pub long_lists: Vec<LongList>,
    /// What our host decapsulates beside ever longer lists of routers.
    pub host_lists: Vec<HostList>,
    /// TCP with segmentation offload.
    pub transfers: Vec<Transfer>,
    /// How often programs asked the kernel.
    pub lookups: Vec<Lookups>,
    /// What must not get through the routers of the cases.
    pub forged: Vec<Forged>,
    /// The programs.
    pub programs: Vec<Program>,
}

/// The machine.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Surroundings {
    /// `uname -r`.
    pub kernel: String,
    /// As it calls itself.
    pub processor: String,
    /// `off`, or what is switched on.
    pub mitigations: String,
    /// Of the last minute, before the cases.
    pub load: String,
    /// What ran the instructions.
    pub accelerator: String,
}

impl Surroundings {
    /// The kernel's version, without what its builder calls it.
    pub fn version(&self) -> &str {
        self.kernel.split('-').next().unwrap_or(&self.kernel)
    }
}

/// One case with one sink.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// In words.
    pub title: String,
    /// How the packets got into the router.
    pub entrance: Entrance,
    /// How the packets ended.
    pub sink: Kind,
    /// Nanoseconds of the machine a packet, one figure a round; of an emulated one, instructions.
    pub costs: Vec<u64>,
    /// Packets sent in all rounds.
    pub offered: u64,
    /// Those that arrived.
    pub delivered: u64,
    /// What our router counted meanwhile.
    pub counters: BTreeMap<String, u64>,
}

/// One length.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct LongList {
    /// How many routers.
    pub routers: u32,
    /// As in [`Case::costs`].
    pub cost: u64,
}

/// One length of a host's list.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct HostList {
    /// How many routers.
    pub routers: u32,
    /// A packet of another host, as in [`Case::costs`].
    pub from_host: u64,
    /// A packet that a router of the list forwarded.
    pub from_router: u64,
}

/// Connections of one size.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Transfer {
    /// `plain`, `sit` or `tc`.
    pub way: String,
    /// Octets of payload.
    pub octets: u64,
    /// Nanoseconds of each, by the machine's clock.
    pub times: Vec<u64>,
}

/// One kind of packets.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Lookups {
    /// What was done.
    pub what: String,
    /// How many packets it was done to.
    pub packets: u64,
    /// How often each was asked meanwhile, by its name.
    pub asked: BTreeMap<String, u64>,
    /// What our router counted, the packets before these included, which filled the cache.
    pub counters: BTreeMap<String, u64>,
}

/// One kind of frames that are not what they should be.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Forged {
    /// What is wrong.
    pub what: String,
    /// How many were sent.
    pub sent: u64,
    /// How many got through.
    pub delivered: u64,
    /// What our router should count them as.
    pub counter: String,
    /// How many it did.
    pub counted: u64,
}

impl Transfer {
    /// The median of the connections.
    pub fn time(&self) -> Option<u64> {
        median(&self.times)
    }
}

fn median(figures: &[u64]) -> Option<u64> {
    let mut figures = figures.to_vec();
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied()
}

impl Forged {
    /// Whether all were dropped for what is wrong with them.
    pub fn is_refused(&self) -> bool {
        self.delivered == 0 && self.counted == self.sent
    }
}

impl Case {
    /// The names of the bare redirect and of the case of `sit` that it is set beside.
    pub fn beside(&self) -> (&'static str, &'static str) {
        let outwards = self.name.contains("encap") || self.name.contains("out");
        let is_large = self.name.ends_with("1474");
        match (outwards, is_large) {
            (false, false) => ("redirect-in", "sit-decap"),
            (false, true) => ("redirect-in-1474", ""),
            (true, true) => ("redirect-out-1474", ""),
            (true, false) if self.name.contains("64k") => ("redirect-out", "sit-encap-64k"),
            (true, false) => ("redirect-out", "sit-encap"),
        }
    }

    /// Whether our router counted every packet by this name and none by another.
    pub fn all_counted(&self, counter: &str) -> bool {
        !self.counters.is_empty() && self.counters.keys().all(|name| name == counter)
    }
    /// The median of the rounds.
    pub fn cost(&self) -> Option<u64> {
        median(&self.costs)
    }

    /// The share of the packets that arrived.
    #[expect(clippy::cast_precision_loss, reason = "far fewer packets than 2^52")]
    pub fn share(&self) -> f64 {
        self.delivered as f64 / self.offered as f64
    }

    /// Lost packets cost less: only a case that lost none is believed.
    pub fn is_whole(&self) -> bool {
        self.offered > 0 && self.delivered == self.offered
    }
}

impl Outcome {
    /// The case of a name with the entrance and the sink that suit it best, if nothing was lost.
    pub fn best(&self, name: &str) -> Option<&Case> {
        let cases = self.cases.iter().filter(|case| case.name == name);
        cases
            .filter(|case| case.is_whole())
            .min_by_key(|case| case.cost())
    }

    /// The connections that took a way, of a size.
    pub fn transfer(&self, way: &str, octets: u64) -> Option<&Transfer> {
        let mut transfers = self.transfers.iter();
        transfers.find(|transfer| transfer.way == way && transfer.octets == octets)
    }

    /// What it costs.
    pub fn cost(&self, name: &str) -> Option<u64> {
        self.best(name)?.cost()
    }

    /// `6.1` of `6.1.0-56-cloud-amd64`.
    pub fn series(&self) -> String {
        let numbers: Vec<_> = self.surroundings.kernel.split('.').take(2).collect();
        numbers.join(".")
    }
}
