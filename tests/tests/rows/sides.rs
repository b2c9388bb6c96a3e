//! A NIC of one side has a program for what comes in there, and one of both sides a program that does with each frame
//! what that of its side does.

use aya::programs::Xdp;
use isatap_common::abi::{Direction, Role};
use isatap_ctl::datapath::Side;

use super::{
    inward::switches,
    inward_table::{HOST_GLOBAL, SERVER, from_host, router_rows},
    machine::{Machine, Outcome, in_namespace},
    outward,
    packets::udp,
};

const XDP_PASS: u32 = 2;
/// An EtherType of neither side.
const ARP: [u8; 2] = [0x08, 0x06];

/// What becomes of a frame that nothing is known of yet, and of the same frame once more.
fn twice(machine: &mut Machine, side: Side, direction: Direction, frame: &[u8]) -> [Outcome; 2] {
    let ifindex = match direction {
        Direction::In => machine.indexes.uplink,
        Direction::Out => machine.indexes.native,
    };
    machine.cool(switches());
    [(), ()].map(|()| machine.xdp_of(side, direction, ifindex, frame))
}

#[test]
fn what_comes_in_on_a_nic_of_both_sides_is_decided_as_on_one_of_its_side() {
    in_namespace(|| {
        let mut machine = Machine::new("both", Role::Router, switches());
        for row in router_rows() {
            let of = [Side::Uplink, Side::Both]
                .map(|side| twice(&mut machine, side, Direction::In, &row.frame));
            assert_eq!(of[0], of[1], "{}", row.name);
            assert_eq!(of[1][0].reason, Some(row.xdp), "{}", row.name);
        }
        for (name, inner, reason, _) in outward::rows() {
            let frame = inner.sent_by_server();
            let of = [Side::Native, Side::Both].map(|side| {
                let mut outcomes = twice(&mut machine, side, Direction::Out, &frame);
                for Outcome { packet, .. } in &mut outcomes {
                    if packet.len() > frame.len() {
                        let outer = outward::without_identification(&packet[14..34]);
                        packet[14..34].copy_from_slice(&outer);
                    }
                }
                outcomes
            });
            assert_eq!(of[0], of[1], "{name}");
            assert_eq!(of[1][0].reason, reason, "{name}");
        }
    });
}

#[test]
fn a_frame_of_the_other_side_is_passed() {
    in_namespace(|| {
        let mut machine = Machine::new("other-side", Role::Router, switches());
        let inward = from_host(udp(HOST_GLOBAL, SERVER)).sent_by_gateway();
        let outward = udp(SERVER, HOST_GLOBAL).sent_by_server();
        let mut neither = outward.clone();
        neither[12..14].copy_from_slice(&ARP);
        for (side, frame) in [
            (Side::Uplink, &outward),
            (Side::Native, &inward),
            (Side::Uplink, &neither),
            (Side::Native, &neither),
            (Side::Both, &neither),
        ] {
            for direction in [Direction::In, Direction::Out] {
                for found in twice(&mut machine, side, direction, frame) {
                    let passed = Outcome {
                        action: XDP_PASS,
                        reason: None,
                        packet: frame.clone(),
                    };
                    assert_eq!(found, passed, "{side:?}");
                }
            }
        }
    });
}

/// The name is how operators know the program, whichever it is.
#[test]
fn the_program_of_each_side_has_the_same_name_in_the_kernel() {
    in_namespace(|| {
        let mut machine = Machine::new("names", Role::Router, switches());
        let name = |program: &mut Xdp| {
            let info = program.info().unwrap();
            (info.name_as_str().unwrap().to_owned(), info.id())
        };
        let found =
            [Side::Uplink, Side::Native, Side::Both].map(|side| name(machine.program(side)));
        assert!(
            found.iter().all(|(name, _)| name == "isatap_xdp"),
            "{found:?}"
        );
    });
}
