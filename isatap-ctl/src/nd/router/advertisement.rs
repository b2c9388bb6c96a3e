use std::time::Duration;

use isatap_common::nd::{Preference, RouterAdvert};

/// What is advertised, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertisement {
    /// Header and options while this node forwards.
    pub content: RouterAdvert,
    /// Messages a second in all.
    pub rate: u32,
    /// MTU of the ISATAP device, which one message may fill.
    pub link_mtu: u16,
}

/// When a host asks a router again that is no default router.
const NO_DEFAULT_ROUTER: Duration = Duration::from_mins(30);

impl Advertisement {
    /// How long a host that uses what it was told may take to ask again.
    pub(super) fn lifetime(&self) -> Duration {
        match self.content.lifetime {
            0 => NO_DEFAULT_ROUTER,
            seconds => Duration::from_secs(seconds.into()),
        }
    }

    /// The message of a router that forwards or does not, which then is no default router
    /// (RFC 4861 section 6.2.5).
    pub(super) fn message(&self, forwarding: bool) -> RouterAdvert {
        let mut content = self.content.clone();
        if !forwarding {
            content.lifetime = 0;
        }
        if content.lifetime == 0 {
            // RFC 4191 section 2.2: a sender sets 00 when it is no default router.
            content.preference = Preference::Medium;
        }
        content
    }
}
