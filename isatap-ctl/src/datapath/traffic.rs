//! How much is exchanged with a node of the link.

use std::net::Ipv4Addr;

use isatap_common::addr::{self, Form};

use super::Maps;
use crate::nd::reachability::Exchanged;

impl Maps {
    /// The packets that were exchanged with the router `ipv4`, as far as programs have accounted for
    /// them: what it forwarded and what we said to its link-local addresses at once, the rest within
    /// a second. An account that the kernel forgot starts anew.
    pub fn exchanged(&self, ipv4: Ipv4Addr) -> Exchanged {
        let octets = ipv4.octets();
        // Before the lines, whose packets it takes over.
        let peer = self.peers.get(octets);
        let said = Form::ALL.map(|form| {
            let address = addr::link_local(form, octets);
            self.caches.sent(addr::Address::from_octets(address))
        });
        Exchanged {
            sent: said.into_iter().fold(peer.packets_out, u64::wrapping_add),
            heard: peer
                .packets_in
                .wrapping_add(self.caches.forwarded_by(octets)),
        }
    }
}
