use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::clock::Boottime;

/// `MIN_DELAY_BETWEEN_RAS` (RFC 4861 section 10), here for each host.
pub(super) const SPACING: Duration = Duration::from_secs(3);

/// Hosts that were sent an advertisement within the spacing.
#[derive(Debug, Default)]
pub(super) struct Spacing {
    ends: BTreeMap<Ipv4Addr, Boottime>,
    order: BTreeSet<(Boottime, Ipv4Addr)>,
}

impl Spacing {
    /// From this many on, strangers are not answered.
    const LIMIT: usize = 16_384;

    /// The first time from `wanted` on at which `host` may be sent an advertisement.
    pub(super) fn earliest(&self, host: Ipv4Addr, wanted: Boottime) -> Boottime {
        let end = self.ends.get(&host);
        end.map_or(wanted, |end| wanted.max(*end))
    }

    /// `host` is sent an advertisement.
    pub(super) fn start(&mut self, now: Boottime, host: Ipv4Addr) {
        let end = now.saturating_add(SPACING);
        if let Some(old) = self.ends.insert(host, end) {
            self.order.remove(&(old, host));
        }
        self.order.insert((end, host));
    }

    /// Whether `host` is one too many.
    pub(super) fn has_no_room_for(&self, host: Ipv4Addr) -> bool {
        self.ends.len() >= Self::LIMIT && !self.ends.contains_key(&host)
    }

    /// Forgets the hosts whose spacing is over.
    pub(super) fn forget(&mut self, now: Boottime) {
        while let Some((end, host)) = self.order.first().copied()
            && end <= now
        {
            self.order.pop_first();
            self.ends.remove(&host);
        }
    }
}
