use isatap_common::{nd::NdError, path::Reason};

/// Why a message has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// RFC 4861 sections 6.1.1 and 6.1.2.
    #[error(transparent)]
    Invalid(#[from] NdError),
    /// It came in IPv6 fragments (RFC 6980 section 5).
    #[error("it came in fragments")]
    Fragmented,
    /// The source is no ISATAP address of another node of the link.
    #[error("the source is no ISATAP address of another node of the link")]
    Source,
    /// The destination is none that this node answers to.
    #[error("the destination is none of this node's")]
    Destination,
    /// The source is no member of the Potential Router List (RFC 5214 section 8.3.3).
    #[error("the source is no router of the Potential Router List")]
    Unlisted,
    /// From a member that was not asked and is not known.
    #[error("the router was not solicited and is not known")]
    Unsolicited,
    /// From a neighbour that is not watched, or about another address of it (RFC 4861 section
    /// 7.2.5).
    #[error("no such neighbour was asked")]
    NoEntry,
    /// The table of hosts that wait for an answer is full.
    #[error("too many hosts wait for an answer")]
    Full,
}

impl Refusal {
    /// What it is counted as.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Invalid(_) | Self::Fragmented | Self::Source | Self::Destination => {
                Reason::NdInvalid
            }
            Self::Unlisted => Reason::NdSource,
            Self::Unsolicited | Self::NoEntry => Reason::NdUnsolicited,
            Self::Full => Reason::NdFull,
        }
    }
}
