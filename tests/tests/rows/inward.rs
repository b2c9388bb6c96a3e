//! Protocol 41 in.

use std::{sync::LazyLock, time::Instant};

use isatap_common::{
    abi::{Direction, Role, Switches},
    path::{self, Reason, admit::Scope},
};

use isatap_ctl::datapath::{Tables, has_decap_l3};

use super::{
    Row,
    inward_table::{
        BEHIND, HOST, HOST_GLOBAL, HOST_LINK, OUR, OUR_LINK, SERVER, from_host, router_rows,
    },
    machine::{Machine, Outcome, in_namespace, soon},
    packets::{GATEWAY_MAC, NATIVE_MAC, SERVER_MAC, tcp, udp},
    site::{Indexes, tables},
};

/// As the daemon would have it: by flag where the kernel knows the flag.
pub fn switches() -> Switches {
    static KNOWN: LazyLock<bool> = LazyLock::new(|| has_decap_l3().unwrap());
    if *KNOWN {
        Switches::DECAP_L3
    } else {
        Switches::default()
    }
}

/// What the pure path says: the reason, and the packet behind its link-layer header.
fn pure(frame: &[u8], model: &Tables, ifindex: u32) -> Result<(Scope, Vec<u8>), Reason> {
    let (_, admitted, strip) = path::decapsulate(frame, 14, ifindex, model)?;
    let mut packet = frame[34..].to_vec();
    packet[..4].copy_from_slice(&strip.first_word);
    packet.truncate(strip.length as usize);
    Ok((admitted.scope, packet))
}

#[test]
fn a_router_decides_on_every_row_as_the_pure_path_does() {
    in_namespace(|| {
        let switches = switches();
        let mut machine = Machine::new("in", Role::Router, switches);
        let indexes = machine.indexes;
        let model = tables(Role::Router, switches, indexes);
        for row in router_rows() {
            check(&mut machine, &model, indexes, &row);
        }
    });
}

/// The way of decapsulation that kernels before 6.3 need gives the same packets.
#[test]
fn decapsulation_without_the_flag_is_the_same() {
    in_namespace(|| {
        let mut machine = Machine::new("in61", Role::Router, Switches::default());
        let indexes = machine.indexes;
        let model = tables(Role::Router, Switches::default(), indexes);
        for row in router_rows() {
            check(&mut machine, &model, indexes, &row);
        }
    });
}

/// What earlier packets of the same host left in the cache must not let a later one through.
#[test]
fn a_warm_cache_changes_no_verdict() {
    in_namespace(|| {
        let mut machine = Machine::new("warm", Role::Router, switches());
        let uplink = machine.indexes.uplink;
        let transit = from_host(udp(HOST_GLOBAL, SERVER)).sent_by_gateway();
        let link = udp(HOST_LINK, OUR_LINK).within(HOST, OUR).sent_by_gateway();
        let behind = from_host(udp(BEHIND, SERVER)).sent_by_gateway();
        for row in router_rows() {
            for warming in [&transit, &link, &behind] {
                machine.tc_in(uplink, warming);
                machine.xdp(Direction::In, uplink, warming);
            }
            let xdp = machine.xdp(Direction::In, uplink, &row.frame).reason;
            let cached = row.xdp == Reason::Resolved && xdp == Some(Reason::Cached);
            assert!(
                cached || xdp == Some(row.xdp),
                "{}: xdp says {xdp:?}",
                row.name
            );
            let tc = machine.tc_in(uplink, &row.frame);
            assert_eq!(tc.reason, Some(row.tc), "{}: tc", row.name);
            let forward = machine.forward(Direction::In, uplink, &row.frame).reason;
            let cached = row.xdp == Reason::Resolved && forward == Some(Reason::Cached);
            assert!(
                cached || forward == by_forward(&row),
                "{}: forward says {forward:?}",
                row.name
            );
        }
    });
}

/// A host takes packets of hosts, and of a router whatever native address they are from.
#[test]
fn a_host_decides_as_the_pure_path_does_whatever_is_in_its_cache() {
    in_namespace(|| {
        let mut machine = Machine::new("host", Role::Host, switches());
        let indexes = machine.indexes;
        let model = tables(Role::Host, switches(), indexes);
        let rows = router_rows();
        let of = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
        let from_router = of("native from a router");
        assert!(pure(&from_router.frame, &model, indexes.uplink).is_ok());
        for row in &rows {
            let expected = match pure(&row.frame, &model, indexes.uplink) {
                Ok(_) => Some(Reason::Delivered),
                Err(Reason::NotOurs) => None,
                Err(reason) => Some(reason),
            };
            for warming in [from_router, of("host to server")] {
                machine.tc_in(indexes.uplink, &warming.frame);
                let tc = machine.tc_in(indexes.uplink, &row.frame);
                assert_eq!(tc.reason, expected, "{}", row.name);
            }
            machine.configure(Role::Router, switches());
            machine.configure(Role::Host, switches());
            let cold = machine.tc_in(indexes.uplink, &row.frame);
            assert_eq!(cold.reason, expected, "{}: cold", row.name);
        }
    });
}

/// Both switches, cold and with what an admitted packet left in the cache.
#[test]
fn tunnels_in_the_tunnel_and_traffic_between_hosts_are_refused_by_configuration() {
    in_namespace(|| {
        let refusing = Switches::DROP_NESTED.with(Switches::NO_HAIRPIN);
        let refusing = switches().with(refusing);
        let mut machine = Machine::new("refuse", Role::Router, refusing);
        let uplink = machine.indexes.uplink;
        let rows = router_rows();
        let of = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
        for warming in [None, Some(of("host to server"))] {
            for (name, reason) in [
                ("nested", Reason::Nested),
                ("host to host", Reason::HairpinRefused),
            ] {
                for program in [Machine::xdp, Machine::forward] {
                    machine.cool(refusing);
                    if let Some(row) = warming {
                        program(&mut machine, Direction::In, uplink, &row.frame);
                        machine.tc_in(uplink, &row.frame);
                    }
                    let frame = &of(name).frame;
                    let found = program(&mut machine, Direction::In, uplink, frame);
                    assert_eq!(found.reason, Some(reason), "{name}");
                    let tc = machine.tc_in(uplink, frame);
                    assert_eq!(tc.reason, Some(reason), "{name}: tc");
                }
            }
        }
    });
}

fn check(machine: &mut Machine, model: &Tables, indexes: Indexes, row: &Row) {
    let name = row.name;
    let pure = pure(&row.frame, model, indexes.uplink);
    let tc = machine.tc_in(indexes.uplink, &row.frame);
    assert_eq!(tc.reason, Some(row.tc), "{name}: tc");
    match &pure {
        Err(reason) => assert_eq!(*reason, row.tc, "{name}: pure path"),
        Ok((_, packet)) => {
            assert_eq!(row.tc, Reason::Delivered, "{name}: pure path");
            assert_eq!(
                &tc.packet[14..14 + packet.len()],
                packet,
                "{name}: packet to the stack"
            );
        }
    }
    let packet = pure.ok().map(|(_, packet)| packet);
    let uplink = indexes.uplink;
    check_forwarding(row, Some(row.xdp), packet.as_deref(), |frame| {
        machine.xdp(Direction::In, uplink, frame)
    });
    machine.cool(model.config.switches());
    check_forwarding(row, by_forward(row), packet.as_deref(), |frame| {
        machine.forward(Direction::In, uplink, frame)
    });
    machine.cool(model.config.switches());
}

/// What `isatap_forward` counts a row as, if it counts it: as XDP does, but `isatap_in`, which is of
/// the same layer, counts what both leave to the stack.
fn by_forward(row: &Row) -> Option<Reason> {
    Some(row.xdp).filter(|reason| !matches!(reason, Reason::Fragment | Reason::Options))
}

/// Twice through a program from NIC to NIC: with nothing in the cache, and with what that left there.
fn check_forwarding(
    row: &Row,
    reason: Option<Reason>,
    packet: Option<&[u8]>,
    mut program: impl FnMut(&[u8]) -> Outcome,
) {
    let name = row.name;
    let start = Instant::now();
    let first = program(&row.frame);
    assert_eq!(first.reason, reason, "{name}: {}", first.action);
    if reason != Some(Reason::Resolved) {
        assert_eq!(
            first.packet, row.frame,
            "{name}: a program must not touch what it does not send"
        );
        return;
    }
    let mut expected = packet.unwrap().to_vec();
    expected[7] -= 1;
    check_forwarded(name, &first.packet, &expected);
    let again = soon(start, || program(&row.frame));
    assert_eq!(again.reason, Some(Reason::Cached), "{name}: second packet");
    check_forwarded(name, &again.packet, &expected);
}

/// Not the packet that the kernel has gathered but each that it cuts must fit the way out. A test run
/// cannot say that it is of TCP, so the kernel refuses to rewrite what has been found to fit.
#[test]
fn a_packet_that_stands_for_many_is_as_long_as_the_longest_of_them() {
    in_namespace(|| {
        let mut machine = Machine::new("gso", Role::Router, switches());
        let Indexes { uplink, native, .. } = machine.indexes;
        let inward = from_host(tcp(HOST_GLOBAL, SERVER, 3000)).sent_by_gateway();
        let outward = tcp(SERVER, HOST_GLOBAL, 3000).sent_by_server();
        let inward = (Direction::In, uplink, &inward);
        let outward = (Direction::Out, native, &outward);
        for ((direction, nic, frame), each, reason) in [
            (inward, 1441, Reason::TooBig),
            (inward, 1440, Reason::Failed),
            (outward, 1421, Reason::TooBig),
            (outward, 1420, Reason::Failed),
        ] {
            // Resolved at first, and then cached.
            for _ in 0..2 {
                let outcome = machine.forward_segments(direction, nic, frame, each);
                assert_eq!(outcome.reason, Some(reason), "{direction:?} {each}");
            }
        }
    });
}

fn check_forwarded(name: &str, frame: &[u8], packet: &[u8]) {
    assert_eq!(frame[..6], SERVER_MAC, "{name}: destination MAC");
    assert_eq!(frame[6..12], NATIVE_MAC, "{name}: source MAC");
    assert_eq!(frame[12..14], [0x86, 0xdd], "{name}: EtherType");
    assert_eq!(&frame[14..14 + packet.len()], packet, "{name}: packet");
    assert_ne!(frame[..6], GATEWAY_MAC);
}
