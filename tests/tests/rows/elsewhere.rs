//! Addresses of other tunnels that embed ours: what they name would come back to us (RFC 6324
//! section 3.3).

use isatap_common::{
    abi::{Direction, Role, Switches},
    path::Reason,
};

use super::{
    inward::switches,
    inward_table::{HOST_GLOBAL, SERVER, from_host},
    machine::{Machine, in_namespace},
    packets::udp,
    site::{OUR_SIX_RD, tables},
};

/// Of another node with an address in the same 6rd prefix.
const SIX_RD: &str = "2001:db9:901:700::1";

/// As RFC 5969 section 4 has it; the tables of all rows have our prefix.
#[test]
fn six_rd_addresses_that_embed_ours_are_refused_whatever_is_in_the_cache() {
    in_namespace(|| {
        let switches = switches().with(Switches::SIX_RD);
        let mut machine = Machine::new("sixrd", Role::Router, switches);
        let ours = OUR_SIX_RD.replace("::/56", "::1");
        let (uplink, native) = (machine.indexes.uplink, machine.indexes.native);
        let out = |source: &str| udp(source, HOST_GLOBAL).sent_by_server();
        let inward = |to: &str| from_host(udp(HOST_GLOBAL, to)).sent_by_gateway();
        for program in [Machine::xdp, Machine::forward] {
            for (source, reason) in [
                (SERVER, Reason::Resolved),
                (&ours, Reason::EmbedsOwn),
                (SIX_RD, Reason::Resolved),
                (&ours, Reason::EmbedsOwn),
            ] {
                let found = program(&mut machine, Direction::Out, native, &out(source));
                assert_eq!(found.reason, Some(reason), "from {source}");
            }
            for (to, reason) in [
                (SERVER, Reason::Resolved),
                (&ours, Reason::EmbedsOwn),
                (SIX_RD, Reason::Local),
                (&ours, Reason::EmbedsOwn),
            ] {
                let found = program(&mut machine, Direction::In, uplink, &inward(to)).reason;
                assert_eq!(found, Some(reason), "to {to}");
                let tc = machine.tc_in(uplink, &inward(to)).reason;
                let delivered = reason != Reason::EmbedsOwn;
                let expected = if delivered { Reason::Delivered } else { reason };
                assert_eq!(tc, Some(expected), "to {to}: tc");
            }
            machine.cool(switches);
        }
    });
}

/// Without `[[datapath.six-rd]]` they are native addresses like any other.
#[test]
fn six_rd_is_nothing_where_it_is_not_configured() {
    let indexes = super::site::Indexes {
        device: 1,
        uplink: 2,
        native: 3,
    };
    let ours = OUR_SIX_RD.replace("::/56", "::1");
    for (switches, expected) in [
        (Switches::default(), None),
        (Switches::SIX_RD, Some(Reason::EmbedsOwn)),
    ] {
        let model = tables(Role::Router, switches, indexes);
        let packet = udp(&ours, HOST_GLOBAL).bytes();
        let found = isatap_common::path::encapsulate(&*packet, 0, &model);
        assert_eq!(found.err(), expected);
    }
}
