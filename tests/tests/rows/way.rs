//! Where the cache has no way but the rest is known, the programs look for that alone
//! (`isatap_way_in`, `isatap_way_out`), and come to the same verdicts.

use std::net::{Ipv4Addr, Ipv6Addr};

use aya::maps::{HashMap, Map, MapData, ProgramArray};
use isatap_common::{
    abi::{Direction, NextHop, Peer, Role, Switches, Uncached},
    addr::Address,
    path::Reason,
};

use super::{
    inward::switches,
    inward_table::{HOST, HOST_GLOBAL, SERVER, from_host, router_rows},
    machine::{Machine, Outcome, in_namespace, ip, while_believed},
    outward,
    packets::{udp, v4, v6},
};

/// A network behind the server.
const BEHIND_SERVER: &str = "2001:db8:aaaa::";
/// Hosts of nobody in the site.
pub const HOSTS: &str = "2001:db8:0:1:0:5efe:a80:0";

/// Takes the whole decision, or another program, away from `isatap_xdp`.
pub fn without(machine: &Machine, whole: Uncached) {
    let pinned = MapData::from_pin(machine.pin("UNCACHED")).unwrap();
    let mut programs = ProgramArray::try_from(Map::ProgramArray(pinned)).unwrap();
    programs.clear_index(&(whole as u32)).unwrap();
}

/// The first address from `first` on that has the same place in the cache as `address`.
pub fn displacing(first: &str, address: Ipv6Addr) -> String {
    let index = |address: Ipv6Addr| NextHop::index(Address::from_octets(address.octets()));
    let mut others = (v6(first).to_bits() + 1..).map(Ipv6Addr::from_bits);
    let other = others.find(|other| index(*other) == index(address));
    other.unwrap().to_string()
}

/// A packet of the host to another server, whose way takes the place of that to `destination`.
fn displace_inward(machine: &mut Machine, destination: Ipv6Addr) {
    let other = displacing(BEHIND_SERVER, destination);
    let frame = from_host(udp(HOST_GLOBAL, &other)).sent_by_gateway();
    let uplink = machine.indexes.uplink;
    let found = machine.xdp(Direction::In, uplink, &frame).reason;
    is_displaced(found, &other);
}

/// Whatever was found, the line is that of the other then.
fn is_displaced(found: Option<Reason>, other: &str) {
    let is_there = [Reason::Resolved, Reason::Cached, Reason::Revalidate].map(Some);
    assert!(is_there.contains(&found), "{other}: {found:?}");
}

fn displace_outward(machine: &mut Machine, destination: Ipv6Addr) {
    let other = displacing(HOSTS, destination);
    let frame = udp(SERVER, &other).sent_by_server();
    let native = machine.indexes.native;
    let found = machine.xdp(Direction::Out, native, &frame).reason;
    is_displaced(found, &other);
}

fn inward_machine(name: &str) -> Machine {
    let machine = Machine::new(name, Role::Router, switches());
    ip(&format!(
        "-6 route add {BEHIND_SERVER}/48 via {SERVER} dev nat0"
    ));
    machine
}

/// Every row, with its host admitted and its way not known.
#[test]
fn what_comes_from_an_admitted_host_is_decided_as_ever() {
    in_namespace(|| {
        let mut machine = inward_machine("way-in");
        let uplink = machine.indexes.uplink;
        for row in router_rows() {
            machine.cool(switches());
            let cold = machine.xdp(Direction::In, uplink, &row.frame);
            let destination: [u8; 16] = row.frame[58..74].try_into().unwrap();
            displace_inward(&mut machine, destination.into());
            let found = machine.xdp(Direction::In, uplink, &row.frame);
            assert_eq!(found.reason, Some(row.xdp), "{}", row.name);
            assert_eq!(found, cold, "{}", row.name);
        }
    });
}

/// The same without the program for the whole decision: what needs it stays undecided.
#[test]
fn a_way_inward_is_found_without_the_whole_decision() {
    let make = || inward_machine("only-way-in");
    while_believed(make, |machine| {
        let uplink = machine.indexes.uplink;
        let to = |server: &str| from_host(udp(HOST_GLOBAL, server)).sent_by_gateway();
        let admitting = machine.xdp(Direction::In, uplink, &to(SERVER));
        assert_eq!(admitting.reason, Some(Reason::Resolved));
        without(machine, Uncached::In);
        for (server, reason) in [
            ("2001:db8:aaaa::1", Some(Reason::Resolved)),
            ("2001:db8:aaaa::1", Some(Reason::Cached)),
            ("2001:db8:f::77", Some(Reason::NoNeighbor)),
            // Without a route.
            ("2001:db8:bbbb::1", Some(Reason::Local)),
            // Of the link, or of a form that may embed an address of ours.
            ("2001:db8:0:1:0:5efe:a02:8", None),
            ("2001:db8:66:0:0:5efe:a09:2", None),
            ("2002:a09:2::1", None),
            ("fe80::1", None),
            ("ff02::2", None),
        ] {
            let found = machine.xdp(Direction::In, uplink, &to(server));
            assert_eq!(found.reason, reason, "{server}");
        }
        let stranger = udp("2001:db8:0:1:0:5efe:a01:8", SERVER).within("10.1.0.8", "10.9.0.2");
        let found = machine.xdp(Direction::In, uplink, &stranger.sent_by_gateway());
        assert_eq!(found.reason, None, "nothing is known of that host");
        machine.cool(switches());
        let found = machine.xdp(Direction::In, uplink, &to("2001:db8:aaaa::2"));
        assert_eq!(found.reason, None, "the host was of another generation");
    });
}

/// A 6rd prefix may make any destination one of ours, which the whole decision looks for.
#[test]
fn with_6rd_prefixes_no_way_is_enough() {
    in_namespace(|| {
        let mut machine = inward_machine("way-6rd");
        let (uplink, native) = (machine.indexes.uplink, machine.indexes.native);
        machine.cool(switches().with(Switches::SIX_RD));
        let inward = |server: &str| from_host(udp(HOST_GLOBAL, server)).sent_by_gateway();
        let outward = udp(SERVER, HOST_GLOBAL).sent_by_server();
        machine.xdp(Direction::In, uplink, &inward(SERVER));
        machine.xdp(Direction::Out, native, &outward);
        without(&machine, Uncached::In);
        without(&machine, Uncached::Out);
        let found = machine.xdp(Direction::In, uplink, &inward("2001:db8:aaaa::1"));
        assert_eq!(found.reason, None);
        let found = machine.xdp(Direction::Out, native, &outward);
        assert_eq!(found.reason, None);
    });
}

/// Every row, where its destination may have been decided on before and its way is not known.
#[test]
fn what_goes_to_a_host_that_was_decided_on_is_decided_as_ever() {
    for flags in [Switches::default(), Switches::DYNAMIC_MTU] {
        in_namespace(|| decides_outward_as_ever(switches().with(flags)));
    }
}

fn decides_outward_as_ever(flags: Switches) {
    let name = format!("way-out-{}", flags.0);
    let mut machine = Machine::new(&name, Role::Router, flags);
    let native = machine.indexes.native;
    for (name, inner, reason, _) in outward::rows() {
        machine.cool(flags);
        let frame = inner.sent_by_server();
        let cold = machine.xdp(Direction::Out, native, &frame);
        // With an ordinary packet, which leaves as much behind as there can be.
        let destination = Ipv6Addr::from(inner.header.destination);
        let plain = udp(SERVER, &destination.to_string()).sent_by_server();
        machine.xdp(Direction::Out, native, &plain);
        displace_outward(&mut machine, destination);
        let found = machine.xdp(Direction::Out, native, &frame);
        assert_eq!(found.reason, reason, "{name}");
        assert_eq!(found.action, cold.action, "{name}");
        if reason != RESOLVED {
            assert_eq!(found.packet, frame, "{name}");
            continue;
        }
        let outer = |outcome: &Outcome| outward::without_identification(&outcome.packet[14..34]);
        assert_eq!(outer(&found), outer(&cold), "{name}");
        assert_eq!(found.packet[..14], cold.packet[..14], "{name}");
        assert_eq!(found.packet[34..], cold.packet[34..], "{name}");
        outward::check_checksum(name, &found.packet);
    }
}

pub fn peers(machine: &Machine) -> HashMap<MapData, [u8; 4], Peer> {
    let pinned = MapData::from_pin(machine.pin("PEERS")).unwrap();
    HashMap::try_from(Map::LruHashMap(pinned)).unwrap()
}

/// A host that was heard from, to which packets go by turns with others that take its line.
struct Turns {
    machine: Machine,
    flags: Switches,
    other: Ipv4Addr,
    frames: [Vec<u8>; 2],
}

impl Turns {
    fn new(name: &str) -> Self {
        let flags = switches().with(Switches::NEIGHBOR_CHECK);
        let mut machine = Machine::new(name, Role::Router, flags);
        machine.cool(flags);
        let other = displacing(HOSTS, v6(HOST_GLOBAL));
        let [.., a, b, c, d] = v6(&other).octets();
        let turns = Self {
            machine,
            flags,
            other: [a, b, c, d].into(),
            frames: [HOST_GLOBAL, &other].map(|to| udp(SERVER, to).sent_by_server()),
        };
        for host in [v4(HOST), turns.other] {
            turns.heard(host, |_| {});
        }
        turns
    }

    /// A host is heard from now; and what else there is of it.
    fn heard(&self, host: Ipv4Addr, change: impl FnOnce(&mut Peer)) {
        let mut peers = peers(&self.machine);
        let mut peer = peers.get(&host.octets(), 0).unwrap_or_default();
        peer.last_heard = isatap_ctl::clock::now().as_nanos() as u64;
        change(&mut peer);
        peers.insert(host.octets(), peer, 0).unwrap();
    }

    /// One packet to the one, and one to the other.
    fn turn(&mut self) -> [Option<Reason>; 2] {
        let native = self.machine.indexes.native;
        let machine = &mut self.machine;
        self.frames
            .each_ref()
            .map(|frame| machine.xdp(Direction::Out, native, frame).reason)
    }
}

pub const RESOLVED: Option<Reason> = Some(Reason::Resolved);
pub const CACHED: Option<Reason> = Some(Reason::Cached);

/// What is believed of a host ends with the generation, with another destination at it, and when it was
/// not heard from any more; and it begins with a whole decision.
#[test]
fn a_way_outward_is_found_without_the_whole_decision_as_long_as_the_decision_holds() {
    let make = || Turns::new("only-way-out");
    while_believed(make, |turns| {
        assert_eq!(turns.turn(), [RESOLVED; 2]);
        without(&turns.machine, Uncached::Out);
        assert_eq!(turns.turn(), [RESOLVED; 2]);
        turns.heard(v4(HOST), |peer| peer.last_heard = 0);
        assert_eq!(turns.turn(), [None, CACHED], "not heard from");
        turns.heard(v4(HOST), |_| {});
        let native = turns.machine.indexes.native;
        let twin = udp(SERVER, "2001:db8:0:1:200:5efe:a01:7").sent_by_server();
        let found = turns.machine.xdp(Direction::Out, native, &twin);
        assert_eq!(found.reason, None, "another address of the same host");
        let six_to_four = udp("2002:a09:2::1", HOST_GLOBAL).sent_by_server();
        let found = turns.machine.xdp(Direction::Out, native, &six_to_four);
        assert_eq!(found.reason, None, "a source to be looked up");
        assert_eq!(turns.turn(), [RESOLVED; 2]);
        turns.machine.cool(turns.flags);
        assert_eq!(turns.turn(), [None; 2], "another generation");
    });
}

/// With more than one locator the packet's source is the whole decision's to choose.
#[test]
fn a_host_is_not_decided_on_for_good_where_there_are_two_locators() {
    let make = || Turns::new("way-locators");
    while_believed(make, |turns| {
        turns.machine.second_locator([10, 9, 0, 4]);
        assert_eq!(turns.turn(), [RESOLVED; 2]);
        without(&turns.machine, Uncached::Out);
        assert_eq!(turns.turn(), [None, CACHED]);
    });
}

/// Packets are counted once, whether they found a line, made one, or took one from another host; and the
/// account says when the last was sent.
#[test]
fn packets_that_take_each_others_lines_are_all_counted() {
    let make = || Turns::new("way-account");
    while_believed(make, |turns| {
        let before = isatap_ctl::clock::now().as_nanos() as u64;
        for _ in 0..50 {
            assert_eq!(turns.turn(), [RESOLVED; 2]);
        }
        let native = turns.machine.indexes.native;
        let length = turns.frames[0].len() as u64 - 14;
        let [host, other] = turns.frames.clone();
        for _ in 0..20 {
            let found = turns.machine.xdp(Direction::Out, native, &other);
            assert_eq!(found.reason, Some(Reason::Cached));
        }
        turns.machine.xdp(Direction::Out, native, &host);
        for (address, packets) in [(v4(HOST), 51), (turns.other, 70)] {
            let peer = peers(&turns.machine).get(&address.octets(), 0).unwrap();
            assert_eq!(peer.packets_out, packets, "{address}");
            assert_eq!(peer.bytes_out, packets * length, "{address}");
            assert!(peer.last_sent > before, "{address}");
        }
    });
}

/// A path MTU that comes to be known meanwhile bounds the next packet that has to find its way.
#[test]
fn a_way_that_is_found_anew_has_the_path_mtu_of_then() {
    let make = || Turns::new("way-mtu");
    while_believed(make, |turns| {
        let flags = turns.flags.with(Switches::DYNAMIC_MTU);
        turns.machine.cool(flags);
        let large = udp(SERVER, HOST_GLOBAL).payload(vec![0; 1400]);
        turns.frames[0] = large.sent_by_server();
        assert_eq!(turns.turn(), [RESOLVED; 2]);
        assert_eq!(turns.turn(), [RESOLVED; 2]);
        turns.machine.set_path_mtu(v4(HOST).octets(), 1400);
        assert_eq!(turns.turn(), [Some(Reason::TooBig), CACHED]);
    });
}
