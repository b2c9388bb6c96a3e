//! Solicitations of more hosts than there are: those of known ones go on, and one of each network.

use aya::maps::{Array, HashMap, Map, MapData};
use isatap_common::{
    abi::{Direction, Peer, Probes, Role, SOLICITS_LEN, SOLICITS_OF_ALL, solicits_near},
    path::Reason,
};

use super::{
    inward::switches,
    inward_table::{OUR, OUR_LINK},
    machine::{Machine, in_namespace},
    packets::{icmp, v4},
};

/// Of one network, and of another.
const FIRST: (&str, &str) = ("10.64.0.1", "fe80::5efe:a40:1");
const BESIDE: (&str, &str) = ("10.64.0.2", "fe80::5efe:a40:2");
const ELSEWHERE: (&str, &str) = ("10.65.0.1", "fe80::5efe:a41:1");
const LATER: u64 = 10_000_000_000;

fn now() -> u64 {
    isatap_ctl::clock::now().as_nanos() as u64
}

fn buckets(machine: &Machine) -> Array<MapData, Probes> {
    let pinned = MapData::from_pin(machine.pin("SOLICITS")).unwrap();
    Array::try_from(Map::Array(pinned)).unwrap()
}

fn peers(machine: &Machine) -> HashMap<MapData, [u8; 4], Peer> {
    let pinned = MapData::from_pin(machine.pin("PEERS")).unwrap();
    HashMap::try_from(Map::LruHashMap(pinned)).unwrap()
}

/// Has nothing left in the bucket of all, nor in any other of a network that is not `full`.
fn drain(machine: &Machine, full: &[&str]) {
    let full_at = now() + LATER;
    let full: Vec<u32> = full
        .iter()
        .map(|ipv4| solicits_near(v4(ipv4).octets()))
        .collect();
    for index in 0..SOLICITS_LEN {
        let full_at = if full.contains(&index) { 0 } else { full_at };
        buckets(machine).set(index, Probes { full_at }, 0).unwrap();
    }
}

fn asks(machine: &mut Machine, (ipv4, link_local): (&str, &str), kind: u8) -> Option<Reason> {
    let frame = icmp(link_local, OUR_LINK, kind, &[0; 20]);
    let frame = frame.within(ipv4, OUR).sent_by_gateway();
    let uplink = machine.indexes.uplink;
    // The fast path leaves it to traffic control.
    let passed = machine.xdp(Direction::In, uplink, &frame).reason;
    assert_eq!(passed, Some(Reason::LinkScope));
    machine.tc_in(uplink, &frame).reason
}

#[test]
fn a_flood_of_strangers_is_limited_and_known_hosts_are_not() {
    in_namespace(|| {
        const SOLICITATION: u8 = 133;
        let mut machine = Machine::new("solicits", Role::Router, switches());
        let (delivered, limited) = (Some(Reason::Delivered), Some(Reason::NdLimited));
        let network = FIRST.0;

        drain(&machine, &[network, ELSEWHERE.0]);
        assert_eq!(asks(&mut machine, FIRST, SOLICITATION), delivered);
        assert!(peers(&machine).get(&v4(FIRST.0).octets(), 0).is_ok());
        assert_eq!(
            asks(&mut machine, BESIDE, SOLICITATION),
            limited,
            "its turn is taken"
        );
        assert!(
            peers(&machine).get(&v4(BESIDE.0).octets(), 0).is_err(),
            "who is refused takes no room"
        );
        assert_eq!(
            asks(&mut machine, ELSEWHERE, SOLICITATION),
            delivered,
            "has a turn of its own"
        );
        for _ in 0..3 {
            assert_eq!(
                asks(&mut machine, FIRST, SOLICITATION),
                delivered,
                "was heard from"
            );
        }
        assert_eq!(
            asks(&mut machine, BESIDE, 136),
            delivered,
            "is no solicitation"
        );

        let _ = peers(&machine).remove(&v4(BESIDE.0).octets());
        buckets(&machine)
            .set(SOLICITS_OF_ALL, Probes::default(), 0)
            .unwrap();
        assert_eq!(
            asks(&mut machine, BESIDE, SOLICITATION),
            delivered,
            "there is room for all"
        );
        let taken = buckets(&machine).get(&SOLICITS_OF_ALL, 0).unwrap();
        assert!(taken.full_at > 0, "{taken:?}");
    });
}
