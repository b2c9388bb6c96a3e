//! ICMPv4 errors about packets that this node sent: believed or not, remembered, passed on (RFC 4213
//! section 3.4).

use isatap_common::{
    abi::Direction,
    icmp::{Icmpv6Error::AddressUnreachable, Ipv4Report, News},
    path::Reason,
};
use tracing::debug;

use super::{counters::count, node::Node};
use crate::clock;

impl Node {
    /// Takes an ICMPv4 datagram. Returns whether the programs shall look a way up anew.
    pub fn report(&mut self, datagram: &[u8]) -> bool {
        let reason = match self.judge(datagram) {
            Ok(reason) | Err(reason) => reason,
        };
        if reason != Reason::NotOurs {
            let counters = &mut self.datapath.maps.counters;
            count(counters, Direction::In, reason, datagram.len());
        }
        reason == Reason::IcmpPathMtu
    }

    fn judge(&mut self, datagram: &[u8]) -> Result<Reason, Reason> {
        let tables = self.tables.as_ref().ok_or(Reason::NoLocator)?;
        let report = Ipv4Report::read(datagram)?;
        report.is_about_ours(tables)?;
        let (now, remote) = (clock::now(), report.outer.destination);
        let peers = &mut self.datapath.maps.peers;
        let known = peers.sent_lately(remote, now).ok_or(Reason::IcmpUnsent)?;
        match report.news {
            News::FragmentationNeeded(_) => {
                let mtu = report.path_mtu(known).ok_or(Reason::IcmpNoNews)?;
                peers.set_path_mtu(remote, mtu, now);
                debug!("the path to {remote:?} takes {mtu} octets");
                Ok(Reason::IcmpPathMtu)
            }
            News::Unreachable => {
                peers.set_unreachable(remote);
                self.detector.hint(now, remote.into());
                debug!("{remote:?} is unreachable, an ICMPv4 error says");
                self.errors
                    .tell(now, AddressUnreachable, report.inner, self.index)?;
                Ok(Reason::IcmpRelayed)
            }
        }
    }
}
