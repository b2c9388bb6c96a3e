use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// Another router of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerStatus {
    /// The router.
    pub ipv4: Ipv4Addr,
    /// Whether it answers.
    pub state: PeerState,
    /// Seconds since its last Router Advertisement.
    pub last_ra_seconds: Option<u64>,
    /// Seconds for which it is still a default router; absent if it is none.
    pub lifetime_left: Option<u64>,
    /// Solicitations to it.
    pub solicited: u64,
    /// Its advertisements that were taken, by messages.
    pub advertised: u64,
    /// Where the last of them contradicts ours (RFC 4861 section 6.2.7).
    pub differences: Vec<DifferenceStatus>,
}

/// Whether another router answers solicitations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeerState {
    /// It has not yet, and is being asked.
    Asked,
    /// It did when it was last asked.
    Answers,
    /// It did not, however often it was asked.
    Silent,
}

/// One thing that two routers advertise differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceStatus {
    /// By the key of the configuration, such as `hop-limit` or `preferred of 2001:db8:0:1::/64`.
    pub item: String,
    /// What this router advertises.
    pub ours: String,
    /// What the other does.
    pub theirs: String,
}
