//! A router sends only to hosts that it has heard from (RFC 6324 section 3.1.1).

use std::{
    thread,
    time::{Duration, Instant},
};

use aya::maps::{Array, HashMap, Map, MapData};
use isatap_common::{
    abi::{Direction, Peer, Probes, Reachability, Role, Switches},
    path::Reason,
};

use super::{
    inward::switches,
    inward_table::{
        BEHIND, HOST, HOST_GLOBAL, HOST_LINK, OUR, OUR_LINK, ROUTER, SERVER, from_host,
    },
    machine::{Machine, Outcome, in_namespace, soon},
    packets::{icmp, udp, v4},
};

type Program = fn(&mut Machine, Direction, u32, &[u8]) -> Outcome;

const PROGRAMS: [Program; 2] = [Machine::xdp, Machine::forward];
pub const SECOND: u64 = 1_000_000_000;

fn checking(name: &str) -> Machine {
    let mut machine = Machine::new(name, Role::Router, switches());
    cool(&mut machine);
    machine
}

fn cool(machine: &mut Machine) {
    machine.cool(switches().with(Switches::NEIGHBOR_CHECK));
}

pub fn peers(machine: &Machine) -> HashMap<MapData, [u8; 4], Peer> {
    let pinned = MapData::from_pin(machine.pin("PEERS")).unwrap();
    HashMap::try_from(Map::LruHashMap(pinned)).unwrap()
}

pub fn probes(machine: &Machine) -> Array<MapData, Probes> {
    let pinned = MapData::from_pin(machine.pin("PROBES")).unwrap();
    Array::try_from(Map::Array(pinned)).unwrap()
}

/// What becomes of a packet from the server to the host, as often as one asks.
fn to_host(machine: &mut Machine) -> [Option<Reason>; 2] {
    let frame = udp(SERVER, HOST_GLOBAL).sent_by_server();
    let native = machine.indexes.native;
    let start = Instant::now();
    let mut ask = |program: Program| program(machine, Direction::Out, native, &frame).reason;
    let [first, second] = PROGRAMS;
    [ask(first), soon(start, || ask(second))]
}

/// Whatever comes from a host shows that it is one, and what is refused shows nothing.
#[test]
fn a_host_is_sent_to_once_it_was_heard_from() {
    in_namespace(|| {
        let ways: [(&str, Vec<u8>, bool); 6] = [
            (
                "solicitation",
                from_host(icmp(HOST_LINK, OUR_LINK, 133, &[])).sent_by_gateway(),
                true,
            ),
            (
                "answer to a probe",
                from_host(icmp(HOST_LINK, OUR_LINK, 136, &[0; 20])).sent_by_gateway(),
                true,
            ),
            (
                "to the server",
                from_host(udp(HOST_GLOBAL, SERVER)).sent_by_gateway(),
                true,
            ),
            (
                "from behind it",
                from_host(udp(BEHIND, SERVER)).sent_by_gateway(),
                true,
            ),
            (
                "somebody else in its name",
                udp(HOST_GLOBAL, SERVER)
                    .within("10.1.0.9", OUR)
                    .sent_by_gateway(),
                false,
            ),
            (
                "hop limit of an answer that was forwarded",
                from_host(icmp(HOST_LINK, OUR_LINK, 136, &[0; 20]).hop_limit(64)).sent_by_gateway(),
                false,
            ),
        ];
        let mut machine = checking("heard");
        for (name, frame, shows) in ways {
            for inward in [0, 1, 2] {
                let _ = peers(&machine).remove(&v4(HOST).octets());
                cool(&mut machine);
                assert_eq!(to_host(&mut machine), [Some(Reason::Unheard); 2], "{name}");
                let uplink = machine.indexes.uplink;
                let passed = match inward {
                    0 => None,
                    1 => machine.xdp(Direction::In, uplink, &frame).reason,
                    _ => machine.forward(Direction::In, uplink, &frame).reason,
                };
                if passed != Some(Reason::Resolved) {
                    machine.tc_in(uplink, &frame);
                }
                let expected = if shows {
                    [Some(Reason::Resolved), Some(Reason::Cached)]
                } else {
                    [Some(Reason::Unheard); 2]
                };
                assert_eq!(to_host(&mut machine), expected, "{name}");
            }
        }
    });
}

/// By what `PEERS` and `PROBES` say, which the programs alone write.
#[test]
fn a_probe_and_its_outcome_are_remembered_by_the_programs() {
    in_namespace(|| {
        // What was a minute ago was not before the machine started.
        thread::sleep(Duration::from_mins(1).saturating_sub(isatap_ctl::clock::now()));
        let mut machine = checking("probed");
        // Seconds ago.
        let heard = |now: u64, ago: u64| Peer {
            last_heard: now.saturating_sub(ago * SECOND),
            ..Peer::default()
        };
        let probed = |now: u64, (ago, held): (u64, u32)| Peer {
            last_sent: now.saturating_sub(ago * SECOND),
            reachability: Reachability::Probe as u32,
            held,
            ..Peer::default()
        };
        for (heard_ago, probe, full_in, reason) in [
            (Some(1), (0, 0), 0, Reason::Resolved),
            (Some(1900), (0, 0), 0, Reason::Unheard),
            (Some(1900), (0, 0), 600, Reason::ProbeLimit),
            (None, (0, 1), 600, Reason::Unheard),
            (None, (0, Peer::HELD), 0, Reason::ProbeQueue),
            (None, (5, 1), 0, Reason::Silent),
            (None, (60, 3), 0, Reason::Unheard),
            (None, (60, 3), 600, Reason::ProbeLimit),
        ] {
            cool(&mut machine);
            let now = isatap_ctl::clock::now().as_nanos() as u64;
            let peer = heard_ago.map_or_else(|| probed(now, probe), |ago| heard(now, ago));
            peers(&machine).insert(v4(HOST).octets(), peer, 0).unwrap();
            let full_at = now + full_in * SECOND;
            probes(&machine).set(0, Probes { full_at }, 0).unwrap();
            assert_eq!(to_host(&mut machine)[0], Some(reason), "{peer:?} {full_in}");
        }
    });
}

/// A packet of a known host must not open the way to a stranger, nor to a router of the list.
#[test]
fn what_was_heard_says_nothing_about_others() {
    in_namespace(|| {
        let mut machine = checking("others");
        let uplink = machine.indexes.uplink;
        for (source, outer) in [(HOST_LINK, HOST), ("fe80::5efe:a09:3", ROUTER)] {
            let frame = icmp(source, OUR_LINK, 133, &[])
                .within(outer, OUR)
                .sent_by_gateway();
            machine.tc_in(uplink, &frame);
        }
        assert_eq!(to_host(&mut machine)[0], Some(Reason::Resolved));
        let native = machine.indexes.native;
        for (destination, reason) in [
            ("2001:db8:0:1:0:5efe:a01:8", Reason::Unheard),
            ("2001:db8:0:1:0:5efe:a09:3", Reason::RouterLoop),
            ("2001:db8:0:1:0:5efe:7f00:1", Reason::NextHopMartian),
        ] {
            for program in PROGRAMS {
                let frame = udp(SERVER, destination).sent_by_server();
                let found = program(&mut machine, Direction::Out, native, &frame).reason;
                assert_eq!(found, Some(reason), "{destination}");
            }
        }
    });
}
