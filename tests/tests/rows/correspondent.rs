//! A host holds back what goes to a peer that does not answer, until that is heard again (RFC 4861
//! section 7.3.3).

use std::{thread, time::Duration};

use isatap_common::{
    abi::{Config, Hearing, Peer, Probes, Reachability, Role, Standing, Switches},
    addr::{Address, Ipv4},
    path::{self, Reason, Site, Verdict},
};
use isatap_ctl::datapath::Tables;

use super::{
    inward::switches,
    inward_table::{HOST, HOST_GLOBAL, HOST_LINK, ROUTER, from_host},
    machine::{Machine, Outcome, in_namespace},
    neighbor::{SECOND, peers, probes},
    packets::{udp, v4},
    site::tables,
};

/// The kernel, which takes the packet of a test for a frame, reads IPv6 where an EtherType would be.
const OURS: &str = "2001:db8:86dd::5";
const OURS_ON_LINK: &str = "2001:db8:0:1:0:5efe:a09:2";
/// TC_ACT_UNSPEC, TC_ACT_SHOT and TC_ACT_REDIRECT.
const ACTIONS: [(Verdict, u32); 3] = [
    (Verdict::Pass, u32::MAX),
    (Verdict::Drop, 2),
    (Verdict::Forward, 7),
];

/// The tables, and what `PEERS` and `PROBES` say beside them.
struct Model<'a> {
    tables: &'a Tables,
    peer: Option<Peer>,
    now: u64,
    has_token: bool,
}

impl Site for Model<'_> {
    fn config(&self) -> &Config {
        self.tables.config()
    }

    fn locator(&self, ifindex: u32, ipv4: Ipv4) -> Option<u16> {
        self.tables.locator(ifindex, ipv4)
    }

    fn heard_at(&self, remote: Ipv4) -> Option<Ipv4> {
        self.tables.heard_at(remote)
    }

    fn lists_router(&self, ipv4: Ipv4) -> bool {
        self.tables.lists_router(ipv4)
    }

    fn is_on_link(&self, address: Address) -> bool {
        self.tables.is_on_link(address)
    }

    fn standing(&self, ipv4: Ipv4) -> Standing {
        self.tables.standing(ipv4)
    }

    fn hearing(&self, _: Ipv4) -> Hearing {
        let hearing = |peer: Peer| peer.hearing(self.now, Role::Host);
        match self.peer.map_or(Hearing::Heard, hearing) {
            Hearing::Unheard if !self.has_token => Hearing::Refused,
            other => other,
        }
    }

    fn route(&self, destination: Address) -> Option<Ipv4> {
        self.tables.route(destination)
    }
}

/// What is known of the next hop, whether a probe may begin, where the packet goes, and what becomes of it.
type Row = (
    &'static str,
    Option<(Reachability, u64, u32)>,
    bool,
    &'static str,
    Reason,
);

fn rows() -> Vec<Row> {
    use {Reachability as P, Reason as R};
    vec![
        (
            "peer that nobody knows",
            None,
            true,
            HOST_GLOBAL,
            R::Resolved,
        ),
        (
            "peer that answered",
            Some((P::Reachable, 5, 0)),
            true,
            HOST_GLOBAL,
            R::Resolved,
        ),
        (
            "peer that is being asked",
            Some((P::Stale, 5, 0)),
            true,
            HOST_GLOBAL,
            R::Resolved,
        ),
        (
            "peer that does not answer",
            Some((P::Unreachable, 5, 3)),
            true,
            HOST_GLOBAL,
            R::Unheard,
        ),
        (
            "peer that does not answer, as its twin",
            Some((P::Unreachable, 5, 3)),
            true,
            "2001:db8:0:1:200:5efe:a01:7",
            R::Unheard,
        ),
        (
            "network behind a peer that does not answer",
            Some((P::Unreachable, 5, 3)),
            true,
            "2001:db8:77::1",
            R::Unheard,
        ),
        (
            "peer that is probed, one packet waits",
            Some((P::Unreachable, 0, 1)),
            true,
            HOST_GLOBAL,
            R::Unheard,
        ),
        (
            "peer that is probed, as many wait as may",
            Some((P::Unreachable, 0, Peer::HELD)),
            true,
            HOST_GLOBAL,
            R::ProbeQueue,
        ),
        (
            "peer that does not answer, among too many",
            Some((P::Unreachable, 5, 3)),
            false,
            HOST_GLOBAL,
            R::ProbeLimit,
        ),
        (
            "link-local address of a peer that does not answer",
            Some((P::Unreachable, 5, 3)),
            true,
            HOST_LINK,
            R::Resolved,
        ),
        (
            "router of the list that does not answer",
            Some((P::Unreachable, 5, 3)),
            true,
            "2001:db8:0:1:0:5efe:a09:3",
            R::Resolved,
        ),
    ]
}

fn host(name: &str) -> (Machine, Switches) {
    let switches = switches().with(Switches::NEIGHBOR_CHECK);
    (Machine::new(name, Role::Host, switches), switches)
}

/// To the next hop of `destination`, of which `known` holds.
fn sent(machine: &mut Machine, known: Option<Peer>, destination: &str) -> Outcome {
    for ipv4 in [HOST, ROUTER].map(|ipv4| v4(ipv4).octets()) {
        let _ = peers(machine).remove(&ipv4);
        if let Some(peer) = known {
            peers(machine).insert(ipv4, peer, 0).unwrap();
        }
    }
    machine.tc_out(&udp(OURS, destination).bytes())
}

#[test]
fn a_host_holds_back_what_goes_to_a_silent_peer_as_the_pure_path_does() {
    in_namespace(|| {
        // What was seconds ago was not before the machine started.
        thread::sleep(Duration::from_secs(5).saturating_sub(isatap_ctl::clock::now()));
        let (mut machine, switches) = host("silent");
        let tables = tables(Role::Host, switches, machine.indexes);
        for (name, known, has_token, destination, reason) in rows() {
            // Nothing is left in the caches.
            machine.configure(Role::Router, switches);
            machine.configure(Role::Host, switches);
            let now = isatap_ctl::clock::now().as_nanos() as u64;
            let peer = known.map(|(reachability, ago, held)| Peer {
                last_sent: now.saturating_sub(ago * SECOND),
                reachability: reachability as u32,
                held,
                ..Peer::default()
            });
            let model = Model {
                tables: &tables,
                peer,
                now,
                has_token,
            };
            let pure = path::encapsulate(&*udp(OURS, destination).bytes(), 0, &model);
            let pure = pure.map_or_else(|refused| refused, |_| Reason::Resolved);
            assert_eq!(pure, reason, "{name}: pure path");
            let full_at = if has_token { 0 } else { now + 600 * SECOND };
            probes(&machine).set(0, Probes { full_at }, 0).unwrap();
            let packet = udp(OURS, destination).bytes();
            let found = sent(&mut machine, peer, destination);
            assert_eq!(found.reason, Some(reason), "{name}");
            let action = ACTIONS
                .iter()
                .find(|(verdict, _)| *verdict == reason.verdict());
            assert_eq!(
                action.map(|(_, action)| *action),
                Some(found.action),
                "{name}"
            );
            if reason.verdict() != Verdict::Forward {
                assert_eq!(found.packet, packet, "{name}: left as it was");
            }
        }
    });
}

/// As soon as the program hears it, whether or not the daemon lives.
#[test]
fn a_silent_peer_that_is_heard_is_sent_to() {
    in_namespace(|| {
        let (mut machine, _) = host("heard-again");
        let silent = Peer {
            reachability: Reachability::Unreachable as u32,
            ..Peer::default()
        };
        assert_eq!(
            sent(&mut machine, Some(silent), HOST_GLOBAL).reason,
            Some(Reason::Unheard)
        );
        let frame = from_host(udp(HOST_GLOBAL, OURS_ON_LINK)).sent_by_gateway();
        let uplink = machine.indexes.uplink;
        assert_eq!(
            machine.tc_in(uplink, &frame).reason,
            Some(Reason::Delivered)
        );
        let packet = udp(OURS, HOST_GLOBAL).bytes();
        assert_eq!(machine.tc_out(&packet).reason, Some(Reason::Resolved));
    });
}
