//! Frames that are for somebody else, or for everybody: no program touches them, whatever is in its cache,
//! and none counts them.

use std::{collections::BTreeMap, time::Instant};

use isatap_common::{
    abi::{Direction, Role, Switches},
    path::Reason,
};
use isatap_ctl::datapath::Nics;

use super::{
    inward::switches,
    inward_table::{HOST_GLOBAL, SERVER, from_host},
    machine::{Machine, Outcome, in_namespace, soon},
    packets::{NATIVE_MAC, UPLINK_MAC, udp},
};

/// `XDP_PASS` and `TC_ACT_UNSPEC`.
const LEFT: [u32; 2] = [2, u32::MAX];

/// Our own with one bit changed, at either end; other machines', everybody's, a group's, nobody's.
fn others(own: [u8; 6], beside: [u8; 6]) -> [[u8; 6]; 7] {
    let [first, .., last] = own;
    let (mut one, mut other) = (own, own);
    (one[0], other[5]) = (first ^ 4, last ^ 1);
    [
        one,
        other,
        beside,
        [2, 0, 0, 0, 0, 0x99],
        [0xff; 6],
        [1, 0, 0x5e, 0, 0, 1],
        [0; 6],
    ]
}

/// The same packet in a frame to another address.
fn to(address: [u8; 6], frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[..6].copy_from_slice(&address);
    frame
}

/// A way in, a frame that goes it, and its NIC's address beside that of the other NIC.
type Case = (Direction, u32, Vec<u8>, [[u8; 6]; 2]);

fn both_ways(machine: &Machine) -> [Case; 2] {
    let inward = from_host(udp(HOST_GLOBAL, SERVER)).sent_by_gateway();
    let outward = udp(SERVER, HOST_GLOBAL).sent_by_server();
    let (uplink, native) = (machine.indexes.uplink, machine.indexes.native);
    [
        (Direction::In, uplink, inward, [UPLINK_MAC, NATIVE_MAC]),
        (Direction::Out, native, outward, [NATIVE_MAC, UPLINK_MAC]),
    ]
}

fn is_left_alone(outcome: &Outcome, frame: &[u8], address: [u8; 6]) {
    assert_eq!(outcome.reason, None, "{address:x?}");
    assert!(LEFT.contains(&outcome.action), "{address:x?}: {outcome:?}");
    assert_eq!(outcome.packet, frame, "{address:x?}");
}

/// From NIC to NIC, with nothing in the cache and with all that the frame for us leaves there.
#[test]
fn frames_for_others_are_not_forwarded() {
    in_namespace(|| {
        let mut machine = Machine::new("others", Role::Router, switches());
        for program in [Machine::xdp, Machine::forward] {
            for (direction, nic, frame, [own, beside]) in both_ways(&machine) {
                machine.cool(switches());
                let for_us = |machine: &mut Machine| {
                    for address in others(own, beside) {
                        let other = to(address, &frame);
                        let found = program(machine, direction, nic, &other);
                        is_left_alone(&found, &other, address);
                    }
                    program(machine, direction, nic, &frame).reason
                };
                let since = Instant::now();
                assert_eq!(for_us(&mut machine), Some(Reason::Resolved));
                let again = soon(since, || for_us(&mut machine));
                assert_eq!(again, Some(Reason::Cached), "{direction:?}");
            }
        }
    });
}

/// Into the device, likewise: a packet in a broadcast frame is no tunnel's.
#[test]
fn frames_for_others_are_not_decapsulated() {
    for role in [Role::Router, Role::Host] {
        in_namespace(|| {
            let mut machine = Machine::new(&format!("others-{role:?}"), role, switches());
            let [(_, uplink, frame, [own, beside]), _] = both_ways(&machine);
            for _ in 0..2 {
                for address in others(own, beside) {
                    let other = to(address, &frame);
                    let found = machine.tc_in(uplink, &other);
                    is_left_alone(&found, &other, address);
                }
                let ours = machine.tc_in(uplink, &frame).reason;
                assert_eq!(ours, Some(Reason::Delivered));
            }
        });
    }
}

/// A NIC that has no slot, because another has it or it is new, is left to the kernel; a frame to no address
/// at all is not for it either.
#[test]
fn without_a_slot_a_nic_forwards_nothing() {
    in_namespace(|| {
        let mut machine = Machine::new("no-slot", Role::Router, Switches::default());
        for (direction, nic, frame, [own, beside]) in both_ways(&machine) {
            let neighbour = if direction == Direction::In {
                (machine.indexes.native, beside)
            } else {
                (machine.indexes.uplink, beside)
            };
            machine.set_nics(Nics::new(&BTreeMap::from([neighbour])));
            for address in [own, [0; 6], [0xff; 6]] {
                let frame = to(address, &frame);
                let found = machine.xdp(direction, nic, &frame);
                is_left_alone(&found, &frame, address);
            }
            machine.set_nics(Nics::new(&BTreeMap::from([neighbour, (nic, own)])));
            let found = machine.xdp(direction, nic, &frame).reason;
            assert_eq!(found, Some(Reason::Resolved), "{direction:?}");
        }
    });
}

/// The NIC has got another address: what is for the old one is for somebody else.
#[test]
fn a_nic_is_known_by_its_new_address() {
    const NEW: [u8; 6] = [2, 0, 0, 0, 9, 0x77];
    in_namespace(|| {
        let mut machine = Machine::new("new-address", Role::Router, Switches::default());
        let [(direction, nic, frame, [own, _]), _] = both_ways(&machine);
        let first = machine.xdp(direction, nic, &frame).reason;
        assert_eq!(first, Some(Reason::Resolved));
        machine.set_nics(Nics::new(&BTreeMap::from([(nic, NEW)])));
        let found = machine.xdp(direction, nic, &frame);
        is_left_alone(&found, &frame, own);
        // What is remembered of the way has the old address as its source.
        let found = machine.xdp(direction, nic, &to(NEW, &frame)).reason;
        assert_eq!(found, Some(Reason::Resolved), "all is looked up anew");
    });
}
