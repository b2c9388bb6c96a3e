use std::fmt;

use serde::{Deserialize, Serialize};

/// What a node has reason to think and cannot know, because whoever is in between tells nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    /// A host has asked all its routers, and none has ever answered.
    NoRouterAnswers,
    /// Packets come from another IPv4 address than their inner source embeds.
    SourcesDiffer,
}

impl fmt::Display for Suspicion {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::NoRouterAnswers => {
                "no router of the list has ever answered: something on the way may drop IPv4 protocol 41, or \
                 translate addresses (NAT), which ISATAP does not survive; check what is between, and whether \
                 the routers count src_mismatch"
            }
            Self::SourcesDiffer => {
                "packets come from other IPv4 addresses than their IPv6 sources embed (src_mismatch): they are \
                 forged, or something on the way translates addresses (NAT), which ISATAP does not survive; \
                 `tcpdump -ni NIC ip proto 41` shows from where"
            }
        })
    }
}
