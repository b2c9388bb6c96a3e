use std::collections::BTreeMap;

use isatap_common::nd::Prefix;

use super::{Advertiser, Answered, embeds_one_of};
use crate::clock::Boottime;

/// What an earlier process told.
#[derive(Debug, Default)]
pub struct Earlier {
    /// Whom.
    pub hosts: Vec<Answered>,
    /// Which routes (RFC 4191), and until when a host may use each.
    pub routes: BTreeMap<Prefix, Boottime>,
}

impl Advertiser {
    /// Takes up hosts that still rely on what they were told, and tells them of routes that are no more.
    pub fn restore(&mut self, now: Boottime, earlier: &Earlier) {
        for host in &earlier.hosts {
            let is_ours = embeds_one_of(&self.locators, host.router);
            self.clients.restore(host, is_ours && host.until > now);
        }
        let told = self.told_routes();
        let valid = earlier.routes.iter().filter(|(_, until)| **until > now);
        let gone: Vec<_> = valid
            .filter(|(prefix, _)| !told.contains_key(prefix))
            .collect();
        for (prefix, until) in &gone {
            self.withdrawn.add_route(now, **prefix, **until);
        }
        if !gone.is_empty() {
            self.tell(now);
        }
    }

    /// The routes that hosts were told, and until when they may use each: without end while it is
    /// advertised.
    pub fn told_routes(&self) -> BTreeMap<Prefix, Boottime> {
        let content = &self.advertisement.content;
        let present = content.routes.iter();
        let present = present.map(|route| (route.prefix, Boottime::MAX));
        self.withdrawn.routes().chain(present).collect()
    }
}
