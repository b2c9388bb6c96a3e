use std::net::Ipv4Addr;
use std::time::Duration;

use crate::clock::Boottime;

/// What a look-up came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A records.
    Routers {
        /// As the answer has them: in any order, some perhaps twice, none checked.
        addresses: Vec<Ipv4Addr>,
        /// The smallest lifetime of the answer, aliases included.
        ttl: Duration,
    },
    /// There is no such name, or it has no A record.
    Nothing {
        /// How long that holds, if the answer says it (RFC 2308 section 5).
        ttl: Option<Duration>,
    },
    /// No answer, or none that can be used.
    Failed(String),
}

/// What is known about look-ups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverState {
    /// The name, without its final dot.
    pub name: String,
    /// When it was last answered.
    pub answered: Option<Boottime>,
    /// When it last failed since then, and why.
    pub failed: Option<(Boottime, String)>,
    /// When it is asked again; `None` while a question is under way.
    pub next: Option<Boottime>,
    /// What the last answer had that is not believed; of many the first.
    pub refused: Vec<Ipv4Addr>,
}
