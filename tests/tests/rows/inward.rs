//! Protocol 41 in.

use isatap_common::{
    abi::{Direction, Role, Switches},
    path::{self, Reason, admit::Scope},
};

use isatap_ctl::datapath::{Tables, has_decap_l3};

use super::{
    Row,
    inward_table::{HOST, HOST_GLOBAL, HOST_LINK, OUR, OUR_LINK, SERVER, from_host, router_rows},
    machine::{Machine, in_namespace},
    packets::{GATEWAY_MAC, NATIVE_MAC, SERVER_MAC, udp},
    site::{Indexes, tables},
};

/// As the daemon would have it: by flag where the kernel knows the flag.
fn switches() -> Switches {
    if has_decap_l3().unwrap() {
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
        for row in router_rows() {
            for warming in [&transit, &link] {
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
    let xdp = machine.xdp(Direction::In, indexes.uplink, &row.frame);
    assert_eq!(xdp.reason, Some(row.xdp), "{name}: xdp");
    if row.xdp != Reason::Resolved {
        assert_eq!(
            xdp.packet, row.frame,
            "{name}: xdp must not touch what it does not send"
        );
        return;
    }
    let mut expected = pure.unwrap().1;
    expected[7] -= 1;
    check_forwarded(name, &xdp.packet, &expected);
    let again = machine.xdp(Direction::In, indexes.uplink, &row.frame);
    assert_eq!(again.reason, Some(Reason::Cached), "{name}: second packet");
    check_forwarded(name, &again.packet, &expected);
    let switches = model.config.switches();
    machine.configure(Role::Host, switches);
    machine.configure(Role::Router, switches);
}

fn check_forwarded(name: &str, frame: &[u8], packet: &[u8]) {
    assert_eq!(frame[..6], SERVER_MAC, "{name}: destination MAC");
    assert_eq!(frame[6..12], NATIVE_MAC, "{name}: source MAC");
    assert_eq!(frame[12..14], [0x86, 0xdd], "{name}: EtherType");
    assert_eq!(&frame[14..14 + packet.len()], packet, "{name}: packet");
    assert_ne!(frame[..6], GATEWAY_MAC);
}
