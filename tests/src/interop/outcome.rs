//! What a machine brings out, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The file in the results directory.
pub const FILE: &str = "outcome.json";

/// Everything of one boot.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Outcome {
    /// Version of this document's shape.
    pub schema: u32,
    /// `uname -r`.
    pub kernel: String,
    /// The peers' programs and what they say of their version.
    pub versions: BTreeMap<String, String>,
    /// What the kernel's verifier said about each program.
    pub programs: Vec<Program>,
    /// The cases that were played.
    pub cases: Vec<Played>,
}

/// One program, as the verifier saw it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Instructions that the verifier went through.
    pub verified: u64,
    /// Octets of stack, of the program and of the largest function that it calls.
    pub stack: u64,
    /// Instructions after the verifier's own changes.
    pub translated: u64,
    /// Octets of machine code.
    pub compiled: u64,
}

/// One case.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Played {
    /// Its name.
    pub name: String,
    /// Why it did not hold inside the machine.
    pub error: Option<String>,
    /// By the machine's clock.
    pub seconds: f64,
    /// Of a processor of the machine outside, which adds them.
    #[serde(default)]
    pub host_seconds: Option<f64>,
    /// What was seen.
    pub notes: Vec<String>,
    /// What the wire saw.
    pub captures: Vec<Captured>,
    /// The same thing happening to the other implementation and to ours.
    pub comparison: Option<Comparison>,
    /// Instructions a packet, by the way it takes.
    #[serde(default)]
    pub costs: BTreeMap<String, u64>,
}

/// A packet capture and what must be in it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Captured {
    /// File name in the directory of the case.
    pub file: String,
    /// What must be in it.
    pub expectations: Vec<Expectation>,
}

/// One thing that must be seen on the wire.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Expectation {
    /// In a person's words.
    pub says: String,
    /// The packets it is about, as a display filter of Wireshark.
    pub filter: String,
    /// What must hold of them.
    pub must: Must,
}

/// What must hold of the packets that a filter selects.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Must {
    /// How many there are.
    Count {
        /// At least.
        least: u64,
        /// At most.
        most: Option<u64>,
    },
    /// What they are, octet by octet from the outer IPv4 header on, in order: scapy builds each from
    /// an expression. What the sender may choose as it likes, the identification of the outer
    /// header and the flow label of the inner one, is taken from the packet unless the expression
    /// gives it.
    Be {
        /// One expression a packet.
        expressions: Vec<String>,
    },
}

/// Side by side.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Comparison {
    /// What happens to the other.
    pub incumbent: String,
    /// What happens to ours.
    pub ours: String,
}
